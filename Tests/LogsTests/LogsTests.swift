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
            #expect(folder.read("1.log") == "x<secret>y\n")
            #expect(lines.all.hasSuffix("a | x<secret>y\n"))
        }
    }

    @Test("a secret at the cut of an over-long line shows nowhere")
    func longLine() {
        let folder = TemporaryFolder()
        let (logs, _) = log(folder, secrets: [LogsTests.secret])
        let file = logs.file(job: "a", run: 1)
        for _ in 0..<50 {
            file.output(Array((String(repeating: "x", count: 997) + LogsTests.secret).utf8), from: .standardOutput)
        }
        file.close()
        logs.flush(within: .seconds(60))
        let text = (folder.read("1.log") ?? "").replacing("\n", with: "")
        #expect(!text.contains("s3cr3t"))
        #expect(text.components(separatedBy: "<secret>").count == 51)
    }

    @Test("lines come whole, invalid bytes are shown replaced, and the last line needs no newline")
    func lines() {
        let folder = TemporaryFolder()
        let (logs, shown) = log(folder)
        let file = logs.file(job: "a", run: 7)
        file.output(Array("one\r\ntw".utf8), from: .standardOutput)
        file.output(Array("o\n".utf8) + [0xff, 0xfe] + Array("\nlast".utf8), from: .standardOutput)
        file.close()
        logs.flush(within: .seconds(60))
        #expect(folder.read("7.log") == "one\ntwo\n\u{fffd}\u{fffd}\nlast\n")
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
            if number % 100 == 0, let piece = await logs.read(run: 1, from: offset) {
                offset = piece.end
                seen += String(decoding: piece.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            }
        }
        file.close()
        logs.flush(within: .seconds(60))
        let size = ["1.log", "1.log.1"].reduce(0) { $0 + (folder.read($1)?.utf8.count ?? 0) }
        #expect(size <= 10_000)
        #expect(folder.read("1.log")?.hasSuffix("# line 2999\n") == true)
        #expect(seen == (0..<seen.count).map { "# line \($0)" })
        logs.forget(runs: [1])
        logs.flush(within: .seconds(60))
        #expect(folder.read("1.log") == nil)
    }

    @Test("as JSON each line is an object with job and run")
    func json() throws {
        let folder = TemporaryFolder()
        let (logs, shown) = log(folder, format: .json)
        logs.file(job: "a", run: 3).output(Array("hello \"you\"\n".utf8), from: .standardError)
        logs.flush(within: .seconds(60))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(shown.all.utf8)) as? [String: String])
        #expect(object["job"] == "a" && object["run"] == "3" && object["stream"] == "err" && object["message"] == "hello \"you\"")
    }
}
