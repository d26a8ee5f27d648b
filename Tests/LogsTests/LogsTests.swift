import Foundation
import JobKit
import Logs
import Synchronization
import TestSupport
import Testing

@Suite("logs")
struct LogsTests {
    private final class Lines: Sendable {
        private let text = Mutex("")
        func add(_ bytes: [UInt8]) { text.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
        var all: String { text.withLock { $0 } }
    }

    private func log(_ folder: TemporaryFolder, secrets: [String] = [], format: ContainerLog.Format = .text, most: Int64 = 1 << 20) -> (RunLogFiles, Lines) {
        let (lines, redactor) = (Lines(), Redactor(secrets: secrets))
        let container = ContainerLog(redactor: redactor, clock: ManualClock(), format: format) { lines.add($0) }
        return (RunLogFiles(folder: folder.path, container: container, redactor: redactor, mostPerRun: most), lines)
    }

    private static let secret = "s3cr3t/value+with=odd&chars"

    @Test(
        "a secret shows in no form",
        arguments: [
            secret, Data(secret.utf8).base64EncodedString(), Data("x\(secret)".utf8).base64EncodedString(), Data("xy\(secret)zz".utf8).base64EncodedString(),
            Data("user:\(secret)".utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_"),
            "s3cr3t%2Fvalue%2Bwith%3Dodd%26chars", "s3cr3t%2fvalue%2bwith%3dodd%26chars", "s3cr3t\\/value+with=odd&chars",
        ])
    func forms(text: String) {
        let folder = TemporaryFolder()
        let (logs, lines) = log(folder, secrets: [LogsTests.secret])
        let file = logs.file(job: "a", run: 1)
        file.output(Array("before \(text) after\n".utf8), from: .standardOutput)
        file.line("own line with \(text)")
        file.close()
        logs.flush(within: .seconds(60))
        for shown in [lines.all, folder.read("1.log") ?? ""] {
            #expect(shown.contains("<secret>"))
            let longest = text.count > 20 ? String(text.dropFirst(6).dropLast(8)) : text
            #expect(!shown.contains(longest), "\(shown)")
        }
    }

    @Test("a secret split over writes shows nowhere, wherever the cut is")
    func split() {
        for cut in 1..<LogsTests.secret.count {
            let folder = TemporaryFolder()
            let (logs, lines) = log(folder, secrets: [LogsTests.secret])
            let file = logs.file(job: "a", run: 1)
            let text = Array("x\(LogsTests.secret)y\n".utf8)
            file.output(Array(text.prefix(cut + 1)), from: .standardError)
            file.output(Array(text.dropFirst(cut + 1)), from: .standardError)
            file.close()
            logs.flush(within: .seconds(60))
            #expect(folder.read("1.log")?.hasSuffix("Z err x<secret>y\n") == true)
            #expect(lines.all.hasSuffix("a | x<secret>y\n"))
        }
    }

    @Test("a secret at the cut of an over-long line shows nowhere")
    func longLine() async {
        let folder = TemporaryFolder()
        let (logs, _) = log(folder, secrets: [LogsTests.secret])
        let file = logs.file(job: "a", run: 1)
        for _ in 0..<50 {
            file.output(Array((String(repeating: "x", count: 997) + LogsTests.secret).utf8), from: .standardOutput)
        }
        file.close()
        logs.flush(within: .seconds(60))
        let page = await StoredRunLogs(folder: folder.path).read(run: 1, from: .offset(0))
        let text = page?.lines.map(\.text).joined() ?? ""
        #expect(!text.contains("s3cr3t"))
        #expect(text.components(separatedBy: "<secret>").count == 51)
    }

    @Test("lines come whole, invalid bytes are shown replaced, and the last line needs no newline")
    func lines() async {
        let folder = TemporaryFolder()
        let (logs, shown) = log(folder)
        let file = logs.file(job: "a", run: 7)
        file.output(Array("one\r\ntw".utf8), from: .standardOutput)
        file.output(Array("o\n".utf8) + [0xff, 0xfe] + Array("\nlast".utf8), from: .standardOutput)
        file.close()
        logs.flush(within: .seconds(60))
        #expect(await logs.read(run: 7, from: .offset(0))?.lines.map(\.text) == ["one", "two", "\u{fffd}\u{fffd}", "last"])
        #expect(shown.all.split(separator: "\n").count == 4)
    }

    @Test("a log keeps to its cap, and the newest lines stay; a follower misses none that are left")
    func rotation() async {
        let folder = TemporaryFolder()
        let (logs, _) = log(folder, most: 10_000)
        let file = logs.file(job: "a", run: 1)
        var (offset, seen): (Int64, [String]) = (0, [])
        for number in 0..<3000 {
            file.line("line \(number)")
            if number % 50 == 0, let page = await logs.read(run: 1, from: .offset(offset)) {
                offset = page.next
                seen += page.lines.map(\.text)
                #expect(page.isLast)
            }
        }
        file.close()
        logs.flush(within: .seconds(60))
        let size = ["1.log", "1.log.1"].reduce(0) { $0 + (folder.read($1)?.utf8.count ?? 0) }
        #expect(size <= 10_000)
        #expect(folder.read("1.log")?.hasSuffix("Z own line 2999\n") == true)
        #expect(seen == (0..<seen.count).map { "line \($0)" })
        logs.forget(runs: [1])
        logs.flush(within: .seconds(60))
        #expect(folder.read("1.log") == nil)
    }

    @Test("as JSON each line is an object with job and run, and numbers are numbers")
    func json() throws {
        let folder = TemporaryFolder()
        let (logs, shown) = log(folder, secrets: [LogsTests.secret], format: .json)
        logs.file(job: "备份", run: 3).output(Array("hello \"you\"\n".utf8), from: .standardError)
        logs.note(LogNotice("failed: \(LogsTests.secret)", .warning, event: .runFinished, job: "备份", run: 3, outcome: "failed"))
        logs.flush(within: .seconds(60))
        let objects = try shown.all.split(separator: "\n").map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        try #require(objects.count == 2)
        #expect(objects[0]["job"] as? String == "备份" && objects[0]["run"] as? Int == 3 && objects[0]["stream"] as? String == "err")
        #expect(objects[0]["message"] as? String == "hello \"you\"" && objects[0]["event"] == nil)
        #expect(objects[1]["event"] as? String == "run_finished" && objects[1]["outcome"] as? String == "failed" && objects[1]["level"] as? String == "warning")
        #expect(objects[1]["message"] as? String == "failed: <secret>" && objects[1]["stream"] == nil)
        #expect((objects[0]["time"] as? String)?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test("as text every line begins with its job, and only a line without an outcome names its level")
    func text() {
        let folder = TemporaryFolder()
        let (logs, shown) = log(folder)
        logs.note(LogNotice("failed: it is full", .warning, event: .runFinished, job: "backup", run: 3, outcome: "failed"))
        logs.note(LogNotice("the disk is full; retrying in 3s", .warning, job: "backup"))
        logs.note(LogNotice("stopped"))
        logs.flush(within: .seconds(60))
        let lines = shown.all.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1)[1] }
        #expect(lines == ["backup: failed: it is full", "backup: warning: the disk is full; retrying in 3s", "shipkeeper: stopped"])
    }
}
