import Foundation
import JobKit
import Processes
import Testing

/// Bytes on their way from a pipe to a log, and a program that may die at any instant.
@Suite("spool")
struct SpoolTests {
    /// Without a program that reads a pipe, it is empty for a while: reading must not wait.
    private func pipe() -> Pipe {
        let pipe = Pipe()
        _ = fcntl(pipe.fileHandleForReading.fileDescriptor, F_SETFL, O_NONBLOCK)
        return pipe
    }

    private func write(_ text: String, to pipe: Pipe) throws { try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    private func text(_ piece: Spool.Piece?) -> String? { piece.map { String(decoding: $0.bytes, as: UTF8.self) } }

    /// The same spool as the next program gets it.
    private func successor(of spool: Spool) -> Spool { Spool(adopting: dup(spool.raw)) }

    @Test("gives what was written, and says when there is nothing and when it has ended")
    func reads() throws {
        let (pipe, spool) = (pipe(), try #require(Spool()))
        let end = pipe.fileHandleForReading.fileDescriptor
        #expect(spool.take(from: end) == nil)
        try write("one\ntwo", to: pipe)
        #expect(text(spool.take(from: end)) == "one\ntwo")
        #expect(spool.take(from: end) == nil)
        try pipe.fileHandleForWriting.close()
        #expect(text(spool.take(from: end)) == "")
    }

    @Test("a successor gets what was not kept, from the beginning of a line, and then what is in the pipe")
    func successors() throws {
        let (pipe, spool) = (pipe(), try #require(Spool()))
        let end = pipe.fileHandleForReading.fileDescriptor
        try write("one\ntwo\nthr", to: pipe)
        let first = try #require(spool.take(from: end))
        let none = successor(of: spool)
        #expect(text(none.take(from: end)) == "one\ntwo\nthr")
        spool.keep(first, log: .none)
        try write("ee\nfour\n", to: pipe)
        let second = successor(of: spool)
        let stored = try #require(second.take(from: end))
        let rest = try #require(second.take(from: end))
        #expect(text(stored) == "thr" && text(rest) == "ee\nfour\n")
        second.keep(rest, log: .none)
        #expect(successor(of: second).take(from: end) == nil)
        // What is told late, and again, takes nothing back.
        second.keep(first, log: .none)
        #expect(successor(of: second).take(from: end) == nil)
    }

    @Test("any cut at any place: all lines once", arguments: 0..<40)
    func cuts(seed: UInt64) throws {
        var random = Random(state: seed)
        let (pipe, end) = { ($0, $0.fileHandleForReading.fileDescriptor) }(pipe())
        var spool = try #require(Spool())
        var log = ""
        var (carry, written) = ("", 0)
        let lines = (1...200).map { "line \($0)\($0 % 7 == 0 ? String(repeating: ".", count: 2000) : "")\n" }.joined()
        var rest = lines[...]
        while !rest.isEmpty || written < lines.utf8.count {
            let part = rest.prefix(Int.random(in: 0...900, using: &random))
            try write(String(part), to: pipe)
            rest = rest.dropFirst(part.count)
            while let piece = spool.take(from: end), !piece.bytes.isEmpty {
                // Only whole lines go to the log; it is told after that.
                carry += String(decoding: piece.bytes, as: UTF8.self)
                if Int.random(in: 0..<4, using: &random) == 0 { break }
                if let last = carry.lastIndex(of: "\n") {
                    log += carry[...last]
                    carry = String(carry[carry.index(after: last)...])
                }
                spool.keep(piece, log: .none)
            }
            written = log.utf8.count
            // The program dies, with all that it had not kept.
            if Int.random(in: 0..<3, using: &random) == 0 { (spool, carry) = (successor(of: spool), "") }
            if rest.isEmpty, written < lines.utf8.count { (spool, carry) = (successor(of: spool), "") }
        }
        #expect(log == lines)
    }

    @Test("short lines come in smaller pieces, and what is given up is not delivered again")
    func pieces() throws {
        let (pipe, spool) = (pipe(), try #require(Spool()))
        let end = pipe.fileHandleForReading.fileDescriptor
        try write(String(repeating: "\n", count: 40_000), to: pipe)
        var count = 0
        while let piece = spool.take(from: end) {
            #expect(OutputFlow.cost(of: piece.bytes) <= 64 << 10)
            count += piece.bytes.count
            spool.giveUp(piece)
        }
        #expect(count == 40_000)
        #expect(successor(of: spool).take(from: end) == nil)
        try write(String(repeating: String(repeating: "x", count: 999) + "\n", count: 40), to: pipe)
        let long = try #require(spool.take(from: end))
        #expect(long.bytes.count == 16 << 10)
    }

    @Test("what is kept is given back, and a line without an end does not fill the memory")
    func room() throws {
        let (pipe, spool) = (pipe(), try #require(Spool()))
        let end = pipe.fileHandleForReading.fileDescriptor
        let block = String(repeating: "x", count: 32_768)
        for round in 1...400 {
            try write(round % 2 == 0 && round < 200 ? block + "\n" : block, to: pipe)
            while let piece = spool.take(from: end) { spool.keep(piece, log: .none) }
        }
        var info = stat()
        #expect(unsafe fstat(spool.raw, &info) == 0)
        #expect(info.st_size > 12 << 20 && Int(info.st_blocks) * 512 < 7 << 20, "\(info.st_blocks)")
    }

    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }
}
