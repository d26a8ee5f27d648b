import Foundation
import JobKit
import Logs
import TestSupport
import Testing

@Suite("stored logs")
struct StoredLogTests {
    private let folder = TemporaryFolder()
    private let clock = ManualClock()

    private func files(most: Int64 = 1 << 20) -> RunLogFiles {
        let redactor = Redactor()
        let container = ContainerLog(redactor: redactor, clock: clock, format: .text) { _ in }
        return RunLogFiles(folder: folder.path, container: container, redactor: redactor, mostPerRun: most)
    }

    /// All of it, a part at a time.
    private func all(_ start: LogStart = .offset(0), run: Int64 = 1) async -> [LogLine] {
        let stored = StoredRunLogs(folder: folder.path)
        var (lines, next): ([LogLine], LogStart) = ([], start)
        while let page = await stored.read(run: run, from: next) {
            lines += page.lines
            if page.isLast { break }
            next = .offset(page.next)
        }
        return lines
    }

    @Test("any place to read from is a place", .limited, arguments: [Int64.min, -1, 0, 1, .max])
    func places(offset: Int64) async {
        let logs = files(most: 4000)
        let file = logs.file(job: "a", run: 1)
        // Some are dropped from the front.
        for number in 0..<200 {
            file.line("line \(number)")
            logs.flush(within: .seconds(60))
        }
        file.close()
        logs.flush(within: .seconds(60))
        let whole = await all()
        #expect(!whole.isEmpty && whole.count < 200)
        let page = await logs.read(run: 1, from: .offset(offset))
        #expect((page?.next ?? 0) > 2000 && page?.lines.count ?? 0 <= whole.count && (offset > 1 || page?.lines == whole))
        #expect(await logs.read(run: 1, from: .last(Int(offset)))?.lines.count == (offset > 0 ? min(whole.count, Int(offset)) : 0))
        #expect(await all(.offset(offset)).count <= whole.count)
    }

    @Test("a line comes back with its time, its source and its text, whatever the text is")
    func roundTrip() async {
        let logs = files()
        let file = logs.file(job: "a", run: 1)
        let texts = ["", " ", "# not ours", "2026-11-27T06:20:35.123Z own not ours", "Zeile\twith tab", "备份完成 ✓", String(repeating: "x", count: 16_000)]
        for text in texts {
            file.output(Array("\(text)\n".utf8), from: .standardOutput)
            file.output(Array("\(text)\n".utf8), from: .standardError)
            file.line(text)
        }
        file.close()
        logs.flush(within: .seconds(60))
        let lines = await all()
        #expect(lines.map(\.text) == texts.flatMap { [$0, $0, $0] })
        #expect(lines.map(\.source) == texts.flatMap { _ in [LogLine.Source.output, .error, .own] })
        let now = Date(timeIntervalSince1970: (clock.now.timeIntervalSince1970 * 1000).rounded() / 1000)
        #expect(lines.allSatisfy { $0.at == now })
    }

    @Test("lines of a version that recorded no times are read, and newer ones after them")
    func oldForm() async throws {
        try folder.write("1.log", "# restored\nhello\n\n2026-11-27 not a stamp\n")
        let logs = files()
        let file = logs.file(job: "a", run: 1)
        file.output(Array("new\n".utf8), from: .standardOutput)
        file.close()
        logs.flush(within: .seconds(60))
        let lines = await all()
        #expect(lines.map(\.text) == ["restored", "hello", "", "2026-11-27 not a stamp", "new"])
        #expect(lines.map { $0.at == nil } == [true, true, true, true, false] && lines[0].source == .own && lines[1].source == .output)
        #expect(await all(.since(.distantPast)).map(\.text) == ["new"])
    }

    @Test("a line that was torn when the program was killed is a line of its own")
    func torn() async throws {
        try folder.write("1.log", "2026-11-27T06:20:35.123Z out whole\n2026-11-27T06:20:36.000Z out ha")
        #expect(await all().map(\.text) == ["whole", "ha"])
        #expect(await all(.since(Date(timeIntervalSince1970: 1_795_760_436))).map(\.text) == ["ha"])
        #expect(await all(.last(1)).map(\.text) == ["ha"])
        let logs = files()
        let file = logs.file(job: "a", run: 1)
        file.line("next")
        file.close()
        logs.flush(within: .seconds(60))
        #expect(await all().map(\.text) == ["whole", "ha", "next"])
        try folder.write("2.log", "2026-11-2")
        #expect(await all(run: 2).map(\.text) == ["2026-11-2"])
        #expect(await all(.since(.distantPast), run: 2).isEmpty)
    }

    /// Some hundred lines in two files, a second apart, the long ones several parts long.
    private func rotated() async -> [LogLine] {
        let logs = files(most: 4 << 20)
        let file = logs.file(job: "a", run: 1)
        for number in 0..<400 {
            clock.advance(by: .seconds(1))
            if number % 50 == 0 { logs.flush(within: .seconds(60)) }
            file.output(Array("\(number) \(String(repeating: "y", count: number % 7 == 0 ? 15_000 : 9000))\n".utf8), from: .standardOutput)
        }
        file.close()
        logs.flush(within: .seconds(60))
        return await all()
    }

    @Test("parts hold whole lines, and give the whole log")
    func parts() async throws {
        let lines = await rotated()
        #expect(folder.read("1.log.1") != nil)
        let first = try #require(lines.first.flatMap { Int($0.text.prefix { $0 != " " }) })
        #expect(lines.count == 400 - first && lines.count > 100)
        #expect(lines.enumerated().allSatisfy { $0.element.text.hasPrefix("\(first + $0.offset) y") && $0.element.at != nil })
        let page = try #require(await StoredRunLogs(folder: folder.path).read(run: 1, from: .offset(0)))
        #expect(!page.isLast && page.lines.count < lines.count)
    }

    @Test("the last lines are found from the end, over both files")
    func last() async {
        let lines = await rotated()
        for count in [0, 1, 2, 10, 200, lines.count - 1, lines.count, lines.count + 1, 100_000] {
            #expect(await all(.last(count)) == lines.suffix(count), "\(count)")
        }
    }

    @Test("lines since an instant are found over both files, and nothing after the end")
    func since() async throws {
        let lines = await rotated()
        for index in [0, 1, 57, lines.count - 1] {
            let at = try #require(lines[index].at)
            #expect(await all(.since(at)) == Array(lines[index...]), "\(index)")
            #expect(await all(.since(at.addingTimeInterval(0.5))) == Array(lines[(index + 1)...]), "\(index)")
        }
        #expect(await all(.since(.distantPast)) == lines)
        #expect(await all(.since(.distantFuture)).isEmpty)
    }

    @Test("where the clock was set back, all lines since the first one of the time are shown")
    func clockSetBack() async throws {
        try folder.write(
            "1.log",
            """
            2026-11-27T06:00:00.000Z out first
            2026-11-27T08:00:00.000Z out ahead
            2026-11-27T07:00:00.000Z out set back

            """)
        #expect(await all(.since(Date(timeIntervalSince1970: 1_795_765_500))).map(\.text) == ["ahead", "set back"])
    }

    @Test("offsets that no answer gave do no harm")
    func oddOffsets() async throws {
        try folder.write("1.log", "2026-11-27T06:00:00.000Z out first\n2026-11-27T08:00:00.000Z out second\n")
        #expect(await all(.offset(.max)).isEmpty)
        #expect(await all(.offset(.min)).count == 2)
        #expect(await all(.last(.min)).isEmpty)
        #expect(await all(.last(.max)).count == 2)
        #expect(await all(.offset(30)).last?.text == "second")
        #expect(await StoredRunLogs(folder: folder.path).read(run: 9, from: .offset(0)) == nil)
    }
}
