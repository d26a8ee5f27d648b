import JobKit
import Synchronization
import Testing

@testable import PluginHost

/// What a plug-in may say of how far it is.
@Suite("progress of plug-ins")
struct PluginProgressTests {
    private func read(_ line: String) async -> (progress: RunProgress?, flaw: PluginConversation.ProtocolViolation?) {
        let newest = Mutex<RunProgress?>(nil)
        let conversation = PluginConversation(onProgress: { progress in newest.withLock { $0 = progress } }, onNote: { _ in }, onFlaw: {})
        let listening = Task { await conversation.listen() }
        conversation.receive(Array((line + "\n").utf8))
        let end = await conversation.end(listening)
        return (newest.withLock { $0 }, end.flaw)
    }

    @Test("things are counted, bytes are bytes, and both may come together")
    func forms() async {
        let files = await read(#"{"progress":{"done":3,"total":10,"unit":"files"}}"#).progress
        #expect(files == RunProgress(step: "working", done: 3, total: 10, unit: "files"))
        let bytes = await read(#"{"progress":{"done":3,"total":10,"unit":"bytes","step":"copying"}}"#).progress
        #expect(bytes == RunProgress(step: "copying", bytes: .init(done: 3, total: 10)))
        let both = await read(#"{"progress":{"done":1,"unit":"files","done_bytes":5,"total_bytes":9}}"#).progress
        #expect(both == RunProgress(step: "working", count: .init(done: 1, unit: "files"), bytes: .init(done: 5, total: 9)))
        #expect(await read(#"{"progress":{"done_bytes":5}}"#).progress == RunProgress(step: "working", bytes: .init(done: 5)))
        #expect(await read(#"{"progress":{"done":4}}"#).progress == RunProgress(step: "working", done: 4, unit: "steps"))
    }

    @Test("nonsense is no progress, and no crash")
    func nonsense() async {
        for line in [#"{"progress":{}}"#, #"{"progress":{"done":"3"}}"#, #"{"progress":7}"#, #"{"progress":{"unit":"bytes","total":3}}"#] {
            let read = await read(line)
            #expect(read.progress == nil && read.flaw != nil, "\(line)")
        }
        let negative = await read(#"{"progress":{"done":-3,"total":-10,"unit":"bytes"}}"#).progress
        #expect(negative?.bytes == .init(done: 0, total: 0))
    }
}
