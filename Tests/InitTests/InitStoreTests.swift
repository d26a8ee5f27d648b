import Foundation
import TestSupport
import Testing

/// What init keeps for the next program, asked by a program that speaks its messages (`Sources/CInit/wire.h`) and some that are none.
@Suite("init as a store", .waiting)
struct InitStoreTests {
    /// Started by init as the program. The first time it keeps things and dies, the second time it looks at what is there.
    private static let program = """
        import array, os, signal, socket, struct, subprocess, sys
        KEEP, FORGET, HEARTBEAT, BUDGET, LIST, REPLACE, MOVE, COLLECTED, VARIABLES = range(1, 10)
        ENTRY, END, ENDED, REFUSED = range(65, 69)
        head = struct.Struct("=BBBBIiiQq")
        line = socket.socket(fileno=int(os.environ["SHIPKEEPER_INIT_SOCKET"].split(":")[0]))
        line.settimeout(60)

        def message(kind, name=b"", data=b"", process=0, index=0, started=0, value=0, state=0, version=1, length=None):
            return head.pack(version, kind, state, len(name), len(data) if length is None else length, process, index, started, value) + name + data

        def receive():
            bytes, files, flags, _ = socket.recv_fds(line, 8192, 8)
            fields = head.unpack(bytes[:head.size])
            name = bytes[head.size:head.size + fields[3]]
            return fields, name, bytes[head.size + fields[3]:], files

        def started(process):
            return int(open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()[19])

        def entries():
            found, index = [], 0
            while True:
                line.send(message(LIST, index=index))
                fields, name, data, files = receive()
                if fields[1] == END: return found
                if fields[1] != ENTRY: continue
                found.append((fields, name, data, files))
                index = fields[6] + 1

        line.send(message(VARIABLES))
        variables = os.pread(receive()[3][0], 1 << 20, 0).split(b"\\0")
        print("secret" if "SECRET" in os.environ else "hidden", [v for v in variables if v.startswith((b"SECRET", b"SHIPKEEPER_RESTARTS"))])
        sys.stdout.flush()
        if b"SHIPKEEPER_RESTARTS=0" in variables:
            # What is no message, or has no room, changes nothing.
            for bad in (b"", b"x", b"\\0" * 39, message(KEEP, b"v", version=2), message(KEEP, b"l", b"abc", length=2), message(KEEP, b"l", length=4096),
                        message(KEEP, b"big", b"x" * 5000), message(99, b"k"), message(LIST, index=-5), message(FORGET, b"none"), message(MOVE, b"none", process=1),
                        message(COLLECTED, b"none"), message(BUDGET, value=-1), message(REPLACE)):
                if bad: line.send(bad)
            receive()  # the answer to LIST
            read, write = os.pipe()
            child = subprocess.Popen(["sh", "-c", "echo from the child; trap 'exit 5' TERM; while :; do sleep 0.1; done"], stdout=write, start_new_session=True)
            gone = subprocess.Popen(["true"])
            gone.wait()
            socket.send_fds(line, [message(KEEP, b"child", b"first", process=child.pid, started=started(child.pid))], [read])
            socket.send_fds(line, [message(KEEP, b"child", b"\\0note\\xff", process=child.pid, started=started(child.pid))], [read])
            line.send(message(KEEP, b"gone", b"", process=gone.pid, started=7))
            line.send(message(COLLECTED, b"gone", value=3 << 8))
            line.send(message(KEEP, b"reused", b"", process=child.pid, started=started(child.pid) + 1))
            line.send(message(KEEP, b"forgotten", b"", process=child.pid, started=started(child.pid)))
            line.send(message(FORGET, b"forgotten"))
            for number in range(200): line.send(message(KEEP, b"many %d" % number, b"x" * 4096))
            refused = 0
            while refused < 103:
                fields, *_ = receive()
                refused += fields[1] == REFUSED
            for number in range(200): line.send(message(FORGET, b"many %d" % number))
            line.send(message(HEARTBEAT))
            os.kill(os.getpid(), signal.SIGKILL)
        found = entries()
        print(sorted(name.decode() for _, name, _, _ in found))
        by = {name: (fields, data, files) for fields, name, data, files in found}
        fields, data, files = by[b"child"]
        print(data, len(files), os.read(files[0], 100), "state", fields[2])
        print("gone: state", by[b"gone"][0][2], "status", by[b"gone"][0][8] >> 8)
        os.kill(fields[5], signal.SIGTERM)
        while True:
            news, name, _, _ = receive()
            if news[1] == ENDED: break
        print("ended", name.decode(), news[8] >> 8)
        by = {name: fields for fields, name, _, _ in entries()}
        print("child: state", by[b"child"][2], "reused: state", by[b"reused"][2])
        sys.stdout.flush()
        line.send(message(HEARTBEAT))
        os._exit(4)
        """

    @Test("keeps what it was given for the next program, tells how a process ended, and survives nonsense", .limited)
    func store() throws {
        let folder = TemporaryFolder()
        try folder.write("program.py", InitStoreTests.program)
        // Init gives the program a name of its own, by which Python would not find itself.
        // The shell writes it: a file that this process writes may be open in a child of another test when it is to be executed.
        let writing = "printf '#!/bin/sh\\nexec \"%s\" \"%s\"\\n' '\(Shell.python)' '\(folder["program.py"])' > program; "
        let line = writing + "chmod +x program && '\(SourceTree.program)-init' '\(folder["program"])'"
        let result = try Shell.run(line, environment: ["SECRET": "a b"], folder: folder.path)
        #expect(
            result.output == """
                hidden [b'SECRET=a b', b'SHIPKEEPER_RESTARTS=0']
                hidden [b'SECRET=a b', b'SHIPKEEPER_RESTARTS=1']
                ['child', 'gone', 'reused']
                b'\\x00note\\xff' 1 b'from the child\\n' state 0
                gone: state 1 status 3
                ended child 5
                child: state 1 reused: state 0

                """, "\(result)")
        #expect(result.errors.contains("a message of the program was not understood"), "\(result)")
        #expect(result.status == 4)
        #expect(try Shell.run("pgrep -f '\(folder.path)'").output == "")
    }

    @Test("a program that can't be started is named", .limited)
    func missing() throws {
        let result = try Shell.run("'\(SourceTree.program)-init' /nowhere/shipkeeper run")
        #expect(result.status == 127 && result.errors == "shipkeeper init: the program could not be started: No such file or directory\n", "\(result)")
    }
}
