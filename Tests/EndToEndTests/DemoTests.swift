import Foundation
import TestSupport
import Testing

@Suite("demo", .waiting)
struct DemoTests {
    @Test("the demo's banner fits 80 columns, and its commands work in another shell", .limited)
    func demo() throws {
        let folder = TemporaryFolder()
        let port = Port.reserve()
        let environment = ["DEMO_ROOT": folder["demo"], "DEMO_PORT": "\(port)", "DEMO_APP_PORT": "\(Port.reserve())", "SHIPKEEPER": SourceTree.program]
        try Shell.run("'\(SourceTree.root)/Examples/demo/run' > log.txt 2>&1 & echo $! > pid", environment: environment, folder: folder.path)
        defer { _ = try? Shell.run("kill $(cat pid)", folder: folder.path) }
        #expect(try RunningProgram.until("grep -q 'gateway: ready' '\(folder["log.txt"])'"), "\(folder.read("log.txt") ?? "")")
        let banner = try #require(folder.read("log.txt")?.components(separatedBy: "\n\n20").first)
        for line in banner.split(separator: "\n") { #expect(line.count <= 80 || line.contains(folder.path), "\(line)") }
        #expect(
            folder.read("log.txt")?.contains("platform: none detected (port \(port), no public URL, stop budget 8s)") == true, "\(folder.read("log.txt") ?? "")"
        )
        let commands = banner.split(separator: "\n").compactMap { $0.firstMatch(of: /^ +[1-7]\. (.*)/).map { String($0.1) } }
        #expect(try Shell.run("curl -s http://127.0.0.1:\(port)/-/").output.contains("gateway"))
        #expect(commands.count == 7 && commands[0].hasPrefix(". "))
        let result = try Shell.run("set -e\n" + commands.joined(separator: "\n"), folder: folder.path)
        #expect(result.status == 0 && result.output.contains("gateway"), "\(result)")
    }
}
