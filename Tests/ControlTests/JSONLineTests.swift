import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@testable import Control

/// What is sent over the socket, next to what Foundation would write.
@Suite("JSON in one line")
struct JSONLineTests {
    private enum Word: String, Codable, Hashable { case someWord = "some word" }

    private struct Inner: Codable, Hashable {
        var exitCode: Int32?
        var at: Date
        var words: [Word]
    }

    private struct Sample: Codable, Hashable {
        var plain = "a \"quoted\" \\ line\n\twith \u{1}\u{8}\u{1f}\r\u{c} and / 漢字 🚢 \u{7f}"
        var isHTTPSOn = true
        var runID: Int64 = .max
        var lastURLOfURLs = "x"
        var runID2 = 2
        var sha256Sum: UInt8 = 255
        var already_snake = 1
        var whole = 42.0
        var part = -0.125
        var tiny = 1e-9
        var huge = 1e21
        var single: Float = 1.5
        var missing: String?
        var outputs: [String: OutputValue] = ["myKey": 1, "my_key": "x", "a \"b\"": true, "n": .number(2.5)]
        var sizes: [String: Inner] = ["someID": Inner(exitCode: 3, at: Date(timeIntervalSince1970: 1_790_000_000.4996), words: [.someWord])]
        var nothing: [Int] = []
        var none: [String: Int] = [:]
        var inner = Inner(exitCode: nil, at: Date(timeIntervalSince1970: 0), words: [.someWord, .someWord])
        var inners: [Inner?] = [nil, Inner(exitCode: -1, at: Date(timeIntervalSince1970: 1), words: [])]
        var matrix = [[1, 2], [], [3]]
    }

    /// Opens a container in a container by hand, and goes on with the outer one.
    private struct Nested: Encodable {
        enum Key: String, CodingKey { case firstPart, secondPart, list }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            var part = container.nestedContainer(keyedBy: Key.self, forKey: .firstPart)
            try part.encode(1, forKey: .list)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            try list.encode("x")
            var inner = list.nestedUnkeyedContainer()
            try inner.encode(2)
            try list.encodeNil()
            try container.encodeNil(forKey: .secondPart)
        }
    }

    private func sorted(_ bytes: [UInt8]) throws -> String {
        let value = try JSONSerialization.jsonObject(with: Data(bytes))
        return String(decoding: try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .prettyPrinted]), as: UTF8.self)
    }

    @Test("it says the same as the indented form, in one line, and is read back")
    func same() throws {
        let sent = ControlJSON.send(Sample())
        #expect(try sorted(sent) == sorted(ControlJSON.encode(Sample())))
        #expect(!sent.contains(10))
        let back = try ControlJSON.decode(Inner.self, from: ControlJSON.send(Sample().inner))
        #expect(back == Sample().inner)
    }

    @Test("containers that are opened by hand are closed in order")
    func nested() throws {
        let text = String(decoding: ControlJSON.send(Nested()), as: UTF8.self)
        #expect(text == #"{"first_part":{"list":1},"list":["x",[2],null],"second_part":null}"#)
        #expect(String(decoding: ControlJSON.send([Int]()), as: UTF8.self) == "[]")
    }

    @Test("a number that JSON does not have is no answer, as with the indented form")
    func notANumber() { #expect(ControlJSON.send(["x": Double.nan]).isEmpty && ControlJSON.encode(["x": Double.nan]).isEmpty) }

    @Test("a run that is the newest and the verdict is sent once, and shown as both", .timeLimit(.minutes(30)))
    func verdict() async throws {
        let begun = Gate()
        let bench = SchedulerBench([.good(JobDefinition(name: "a", triggers: [.boot])), .endless(JobDefinition(name: "b"), begun: begun)])
        let operations = bench.operations()
        try await bench.run {
            await bench.logs.wait(for: "a: succeeded")
            _ = try await operations.start("b", via: "test", evenIfRunning: false)
            await begun.wait()
            _ = try await operations.stop("b")
            await bench.logs.wait(for: "b: cancelled")
            let sent = ControlJSON.send(try await operations.status())
            #expect(String(decoding: sent, as: UTF8.self).components(separatedBy: "\"outcome\":\"succeeded\"").count == 2)
            let status = try ControlJSON.decode(StatusAnswer.self, from: sent)
            #expect(status.jobs.map(\.verdict?.id) == [1, nil] && status.jobs.map(\.last?.id) == [1, 2])
            // What is printed for scripts has the field as it always had.
            let shown = try JSONSerialization.jsonObject(with: Data(ControlJSON.encode(status))) as? [String: Any]
            let jobs = shown?["jobs"] as? [[String: Any]] ?? []
            #expect((jobs.first?["verdict"] as? [String: Any])?["outcome"] as? String == "succeeded")
            #expect(jobs.count == 2 && jobs.allSatisfy { $0["is_verdict_last"] == nil } && jobs.last?["verdict"] == nil)
        }
    }

    @Test("one job is seen as it is among all", .timeLimit(.minutes(30)))
    func one() async throws {
        let begun = Gate()
        let bench = SchedulerBench([.endless(JobDefinition(name: "b"), begun: begun), .good(JobDefinition(name: "a")), .good(JobDefinition(name: "c"))])
        let operations = bench.operations()
        try await bench.run {
            await bench.clock.waitForSleepers(1)
            _ = try await operations.start("b", via: "test", evenIfRunning: false)
            await begun.wait()
            let all = try #require(await bench.scheduler.snapshot())
            #expect(all.jobs.map(\.definition.name) == ["a", "b", "c"])
            let view = try #require(await bench.scheduler.view(of: "b"))
            #expect(view.current?.id == 1 && view.definition == all.jobs[1].definition)
            #expect(await bench.scheduler.view(of: "d") == nil)
            #expect(try await operations.run(1).state == .running)
            await bench.scheduler.reload([.good(JobDefinition(name: "z")), .good(JobDefinition(name: "c"))])
            #expect(await bench.scheduler.jobNames == ["c", "z"])
            #expect(await bench.scheduler.view(of: "b") == nil)
            await #expect(throws: OperationError.self) { try await operations.why("b") }
        }
    }
}
