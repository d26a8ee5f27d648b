import Foundation

/// Programs that tests call on.
package enum Shell {
    package struct Result: Sendable {
        package var status: Int32
        package var output: String
        package var errors: String
    }

    /// Runs a line of shell and waits for it, and not for what it leaves in the background.
    ///
    /// It may say `noise SEED COUNT`: so many bytes that no compression makes shorter, the same ones for the same seed.
    @discardableResult
    package static func run(_ line: String, environment: [String: String] = [:], folder: String? = nil) throws -> Result {
        let stem = NSTemporaryDirectory() + "shipkeeper-shell-\(UUID().uuidString)"
        defer { for end in ["out", "err", "sh"] { try? FileManager.default.removeItem(atPath: "\(stem).\(end)") } }
        var script = "exec > '\(stem).out' 2> '\(stem).err' < /dev/null\n"
        if line.contains("noise ") { script += noise }
        if let folder { script += "cd '\(folder)' || exit 99\n" }
        for (name, value) in environment { script += "export \(name)='\(value)'\n" }
        // In a file, so that no process has the line among its words: some lines look for processes by those.
        try (script + line).write(toFile: "\(stem).sh", atomically: false, encoding: .utf8)
        // A limit of a test does not end what its thread waits for: this one does, so that nothing holds up all other tests.
        let status = try spawn(["/usr/bin/timeout", "--signal=KILL", "30m", "/bin/bash", "\(stem).sh"])
        func read(_ end: String) -> String { FileManager.default.contents(atPath: "\(stem).\(end)").map { String(decoding: $0, as: UTF8.self) } ?? "" }
        return Result(status: status, output: read("out"), errors: read("err"))
    }

    private static let noise =
        "noise() { python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(int(sys.argv[1])).randbytes(int(sys.argv[2])))' \"$@\"; }\n"

    private static func spawn(_ words: [String]) throws -> Int32 {
        var (id, status): (pid_t, Int32) = (0, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        defer { unsafe arguments.forEach { unsafe free($0) } }
        guard unsafe posix_spawn(&id, words[0], nil, nil, arguments, environ) == 0 else {
            throw POSIXError(.ENOENT)
        }
        while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    /// The Python with the packages that tests need; "./run test" makes it.
    package static var python: String {
        ProcessInfo.processInfo.environment["SHIPKEEPER_TEST_PYTHON"] ?? SourceTree.root + "/.build/test-python/bin/python"
    }
}
