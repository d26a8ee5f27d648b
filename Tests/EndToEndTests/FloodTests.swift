import Foundation
import TestSupport
import Testing

/// Processes that write faster than a disk.
@Suite("floods of output", .waiting, .serialized)
struct FloodTests: ServiceWatcher {
    /// Writes numbered lines of about 100 bytes, so many, and then a file; waits for another file, and begins again.
    private static let flood = """
        import os, sys, time
        count, end, *more = sys.argv[1:]
        count, number = int(count), 0
        while True:
            for start in range(0, count, 1000):
                sys.stdout.write("".join(f"line {number + n} {'x' * 90}\\n" for n in range(start, min(count, start + 1000))))
            sys.stdout.flush()
            number += count
            open(end, "w").close()
            if not more: break
            while not os.path.exists(more[0]): time.sleep(0.01)
            end, *more = more[1:]

        """

    private static let room = "logs: { max_per_run: 400MB }\n"

    /// The numbers of the whole lines in the log of a run, in their order.
    private func numbers(_ path: String, _ folder: TemporaryFolder) -> [Int] {
        (folder.read(path) ?? "").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 4)
            return words.count == 5 && words[1] == "out" && words[4].count == 90 ? Int(words[3]) : nil
        }
    }

    private func expectAll(_ count: Int, run: Int, _ folder: TemporaryFolder) {
        let found = numbers("state/logs/\(run).log", folder)
        let gap = zip(found, found.dropFirst()).first { $1 != $0 + 1 }
        #expect(found.first == 0 && found.count == count && gap == nil, "\(found.count), \(String(describing: gap))")
    }

    @Test("a service and a job that write as fast as they can lose no line", .limited)
    func whole() throws {
        let folder = TemporaryFolder()
        try folder.write("flood.py", FloodTests.flood)
        let count = 150_000
        let program = try start(
            """
              batch: { type: command, on: boot, with: { command: [python3, flood.py, "\(count)", batch], cwd: \(folder.path) } }
              app: { type: service, with: { command: [python3, flood.py, "\(count)", app, never, never], cwd: \(folder.path) } }
            """, folder, more: FloodTests.room)
        #expect(try program.until("test -e '\(folder["app"])' && test -e '\(folder["batch"])'"), "\(program.log.suffix(1000))")
        #expect(try program.hasDone("batch"), "\(program.log.suffix(1000))")
        #expect(program.stop() == 0)
        for run in [1, 2] { expectAll(count, run: run, folder) }
    }

    @Test("killed again and again while a service writes as fast as it can: no line is lost or doubled", .limited)
    func killed() throws {
        let folder = TemporaryFolder()
        try folder.write("flood.py", FloodTests.flood)
        let count = 150_000
        let program = try start(
            "  app: { type: service, with: { command: [python3, flood.py, \"\(count)\", app, never, never], cwd: \(folder.path) } }", folder,
            more: FloodTests.room)
        var last: Int32 = 0
        for round in 1...3 {
            // Each of them has written something.
            #expect(try program.until("[ \"$(stat -c %s '\(folder["state/logs/1.log"])')\" -gt \(round * 2_000_000) ]"), "\(program.log.suffix(1000))")
            last = try daemon(of: program, not: last)
            kill(last, SIGKILL)
        }
        #expect(try program.until("test -e '\(folder["app"])'"), "\(program.log.suffix(1000))")
        #expect(program.stop() == 0)
        expectAll(count, run: 1, folder)
    }

    @Test(
        "a disk that stands still holds nobody up for long, what is lost is counted, and then nothing is lost any more", .limited,
        arguments: [false, true])
    func stalled(isService: Bool) throws {
        let folder = TemporaryFolder()
        try folder.write("flood.py", FloodTests.flood)
        // A pipe that nobody reads, in the place of the log of the first run.
        try FileManager.default.createDirectory(atPath: folder["state/logs"], withIntermediateDirectories: true)
        #expect(try Shell.run("mkfifo '\(folder["state/logs/1.log"])'").status == 0)
        let count = 60_000
        let work = "command: [python3, flood.py, \"\(count)\", first, go, second, never, never], cwd: \(folder.path)"
        let program = try start("  app: { \(isService ? "type: service" : "type: command, on: boot"), with: { \(work) } }", folder, more: FloodTests.room)
        #expect(try program.until("test -e '\(folder["first"])'"), "\(program.log.suffix(1000))")
        #expect(try program.ask("status").output.contains("app"))
        let reader = Process()
        reader.executableURL = URL(fileURLWithPath: "/bin/sh")
        reader.arguments = ["-c", "exec cat '\(folder["state/logs/1.log"])' > '\(folder["read"])'"]
        try reader.run()
        // What waited is written, and the log is up to date again.
        #expect(
            try program.until(
                "grep -qE 'own .* lines (are missing|were dropped)' '\(folder["read"])' && tail -n 1 '\(folder["read"])' | grep -q ' line \(count - 1) '"))
        try folder.write("go", "")
        #expect(try program.until("test -e '\(folder["second"])'"), "\(program.log.suffix(1000))")
        #expect(program.stop() == 0)
        reader.waitUntilExit()
        let found = numbers("read", folder)
        #expect(found == found.sorted() && Set(found).count == found.count)
        #expect(found.filter { $0 >= count } == Array(count..<(2 * count)))
        let lines = (folder.read("read") ?? "").split(separator: "\n").filter { $0.contains(" lines are missing") || $0.contains(" lines were dropped") }
        let lost = lines.reduce(0) { $0 + (Int($1.split(separator: " ")[2].replacing(",", with: "")) ?? 0) }
        // Each of a few gaps may cut a line at its beginning, which is lost, and one at its end, of which the rest is in the log.
        #expect(lost > 0 && abs(lost + found.count - 2 * count) < 10, "\(lost), \(found.count)")
    }
}
