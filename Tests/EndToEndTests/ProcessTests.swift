import Foundation
import TestSupport
import Testing

@Suite("processes and process 1", .waiting, .serialized)
struct ProcessTests {
    /// A gateway as bad as they come: daemons in sessions of their own, and no ear for SIGTERM.
    private func stubborn(_ folder: TemporaryFolder, state: String = "state") throws -> String {
        try folder.write(
            "stubborn.sh",
            """
            trap '' TERM INT
            for i in 1 2 3; do setsid bash -c 'trap "" TERM; exec -a shipkeeper-test-stray-\(folder.path.suffix(8)) sleep 1000' & done
            ( setsid bash -c 'trap "" TERM; ( exec -a shipkeeper-test-stray-\(folder.path.suffix(8)) sleep 1000 ) & exit 0' & )
            while true; do sleep 1; done
            """)
        return """
            version: 1
            state: \(folder[state])
            stop_budget: 60s
            jobs:
              gateway: { type: service, with: { command: [bash, \(folder["stubborn.sh"])], stop: { grace: 500ms } } }
            """
    }

    private func strays(_ folder: TemporaryFolder) throws -> String {
        try Shell.run("pgrep -fa 'shipkeeper-test-stray-\(folder.path.suffix(8))|\(folder["stubborn.sh"])' | grep -v pgrep").output
    }

    @Test(
        "nothing survives the stop, whoever is process 1", .limited,
        arguments: [
            [], ["unshare", "--pid", "--fork", "--kill-child=SIGTERM", "--mount-proc"],
        ])
    func nothingSurvives(prefix: [String]) throws {
        if !prefix.isEmpty, getuid() != 0 { return }
        let folder = TemporaryFolder()
        let program = try RunningProgram(stubborn(folder), in: folder, prefix: prefix)
        // Three, the one whose parent is gone, and the gateway itself.
        #expect(try RunningProgram.until("test $(pgrep -fc '^shipkeeper-test-stray-\(folder.path.suffix(8))|^bash \(folder["stubborn.sh"])') -ge 5"))
        let inside =
            prefix.isEmpty ? program.id : try #require(Int32(try Shell.run("pgrep -P \(program.id)").output.trimmingCharacters(in: .whitespacesAndNewlines)))
        kill(inside, SIGTERM)
        #expect(program.wait() == 0, "\(program.log)")
        #expect(try strays(folder) == "")
        #expect(program.log.contains("gateway: cancelled: shipkeeper was stopped"))
    }

    @Test("ten thousand orphans leave no zombie", .tags(.slow), .limited, .enabled(if: getuid() == 0))
    func orphans() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "orphans.py",
            """
            import os, time
            start = time.time()
            for n in range(10000):
                if os.fork() == 0:
                    if os.fork() == 0:
                        os._exit(0)
                    os._exit(0)
                os.wait()
                ahead = n / 1000 - (time.time() - start)
                if ahead > 0: time.sleep(ahead)
            print("rate", int(10000 / (time.time() - start)))
            def state(process):
                try: return open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()[0]
                except FileNotFoundError: return "gone"
            for wait in range(600):
                zombies = [process for process in os.listdir("/proc") if process.isdigit() and state(process) == "Z"]
                if not zombies: break
                time.sleep(0.1)
            print("zombies", len(zombies))
            """)
        let configuration =
            "version: 1\nstate: \(folder["state"])\njobs: { orphans: { type: command, on: boot, with: { command: [python3, \(folder["orphans.py"])] } } }\n"
        let program = try RunningProgram(configuration, in: folder, prefix: ["unshare", "--pid", "--fork", "--kill-child=SIGTERM", "--mount-proc"])
        #expect(try RunningProgram.until("grep zombies '\(folder["log.txt"])'"))
        #expect(program.log.contains("zombies 0"), "\(program.log)")
        let inside = try #require(Int32(try Shell.run("pgrep -P \(program.id)").output.trimmingCharacters(in: .whitespacesAndNewlines)))
        kill(inside, SIGTERM)
        #expect(program.wait() == 0)
    }

    @Test("without a writable root, a passwd entry or a home", .limited, .enabled(if: getuid() == 0))
    func bareUser() throws {
        let folder = TemporaryFolder()
        _ = try Shell.run("mkdir -p state repo app && chmod 755 . && chown -R 12345 state repo app", folder: folder.path)
        try folder.write(
            "c.yaml",
            """
            version: 1
            state: \(folder["state"])
            repositories: { main: { type: folder, path: \(folder["repo"]) } }
            jobs:
              hello: { type: command, on: boot, with: { command: [id, -u] } }
            """)
        let binary = folder["shipkeeper"]
        _ = try Shell.run("cp '\(SourceTree.program)' '\(binary)' && chmod 755 '\(binary)' shipkeeper.yaml c.yaml", folder: folder.path)
        let run = try Shell.run(
            """
            unshare --mount bash -c 'mount --bind \(folder["state"]) \(folder["state"]) && mount -o remount,bind,rw \(folder["state"])
              env -i LD_LIBRARY_PATH="$LD_LIBRARY_PATH" PATH=$PATH setpriv --reuid=12345 --regid=12345 --clear-groups \(binary) run --config \(folder["c.yaml"]) > log.txt & program=$!
              until grep -q "hello: succeeded" log.txt || ! kill -0 $program; do sleep 0.1; done
              kill -TERM $program; wait $program'
            """, folder: folder.path)
        #expect(run.status == 0 && folder.read("log.txt")?.contains("hello | 12345") == true, "\(run) \(folder.read("log.txt") ?? "")")
        #expect(folder.read("log.txt")?.contains("stopped") == true, "\(run)")
    }

    @Test("killed two hundred times, every run has an outcome and no fire time is acted on twice", .tags(.slow), .limited)
    func accounting() throws {
        let folder = TemporaryFolder()
        let configuration = """
            version: 1
            state: \(folder["state"])
            stop_budget: 60s
            jobs:
              fast: { type: command, on: { every: 200ms }, with: { command: ["true"] } }
              slow: { type: command, on: { every: 300ms }, overlap: queue, with: { command: [sleep, "0.2"] } }
              all: { type: command, on: { every: 500ms }, catch_up: all, with: { command: ["true"] } }
              retry: { type: command, on: { every: 400ms }, retry: { attempts: 2, backoff: 100ms..200ms }, with: { command: ["false"] } }
              after: { type: command, on: { after: fast }, with: { command: ["true"] } }
            """
        var moments = Moments("killed programs", seed: 42, whole: .milliseconds(600))
        var finished = 0
        for _ in 0..<200 {
            let program = try RunningProgram(configuration, in: folder, flags: ["--no-init"])
            moments.wait()
            program.send(SIGKILL)
            _ = program.wait()
            let now = program.log.components(separatedBy: "fast: succeeded").count
            moments.note(wasOver: now >= finished + 2)
            finished = now
        }
        #expect(moments.areSpread)
        let program = try RunningProgram(configuration, in: folder, flags: ["--no-init"])
        #expect(try program.answers() && program.stop() == 0, "\(program.log.suffix(500))")
        let answers = try Shell.run(
            """
            sqlite3 state/state.db "SELECT count(*) > 300 FROM runs;
              SELECT count(*) FROM runs WHERE state <> 'finished' OR outcome IS NULL;
              SELECT count(*) FROM (SELECT job, scheduled_at FROM runs WHERE cause = 'schedule' GROUP BY job, cause_detail, scheduled_at HAVING count(*) > 1);
              SELECT count(*) > 20 FROM runs WHERE outcome = 'interrupted';
              SELECT count(*) FROM events WHERE kind = 'defect'"
            """, folder: folder.path)
        #expect(answers.output == "1\n0\n0\n1\n0\n", "\(answers)")
        // The records of a schedule leave no gap: each stands for the fire times since the one before.
        let gaps = try Shell.run(
            """
            sqlite3 state/state.db "SELECT count(*) FROM (SELECT (julianday(scheduled_at) - julianday(lag(scheduled_at) OVER (ORDER BY scheduled_at))) * 86400.0 AS gap,
              (missed + 1) * 0.2 AS expected FROM runs WHERE job = 'fast' AND cause = 'schedule') WHERE gap IS NOT NULL AND abs(gap - expected) > 0.05"
            """, folder: folder.path)
        #expect(gaps.output == "0\n")
    }
}
