import Foundation
import Front
import TestSupport
import Testing

/// Where the files of the front are, and what is written there.
@Suite("folder of the front")
struct FrontFolderTests {
    @Test("each form of the configuration is one that nginx takes", .limited)
    func taken() throws {
        let folder = TemporaryFolder()
        let port = Port.reserve()
        let own = FrontPlan(listen: [.init(port: port)], upstream: .init(host: "127.0.0.1", port: 1), folder: folder.path, hasIPv6: false)
        var plans = [own]
        plans.append(own)
        plans[1].upstream = nil
        plans.append(own)
        plans[2].frameAncestors = ["'self'", "https://huggingface.co", "https://*.hf.space"]
        plans.append(own)
        plans[3].listen = [.init(host: "127.0.0.1", port: port), .init(host: "::1", port: port)]
        plans[3].upstream = .init(host: "::1", port: 8080)
        plans.append(own)
        plans[4].worker = WorkerAccount.find().map { .init(user: $0.user, group: $0.group) }
        for plan in plans {
            _ = try FrontFolder(path: folder.path).write(plan)
            let result = try Shell.run("/usr/sbin/nginx -e stderr -t -c '\(plan.configurationFile)'")
            #expect(result.status == 0, "\(result.errors)")
            #expect(!result.errors.contains("[warn]") || getuid() != 0, "\(result.errors)")
        }
    }

    @Test("an nginx's version is read from its file, and a file that says none is no reason against it", .limited)
    func version() throws {
        let folder = TemporaryFolder()
        let own = try #require(NginxVersion.read("/usr/sbin/nginx"))
        #expect(try Shell.run("/usr/sbin/nginx -v 2>&1").output.contains("/\(own)") && own >= .oldest)
        for (text, version): (String, String?) in [
            ("\0nginx version: nginx/1.18.0\n\0", "1.18.0"), ("nginx version: openresty/1.25.3.1 (x)\0", "1.25.3"), ("nginx version: nginx/1.9.15\0", "1.9.15"),
            ("nginx version: \0nginx/1.2.3", nil), ("exec /opt/nginx \"$@\"", nil), ("", nil), ("nginx version: a/99999999999999999999.1.1", nil),
        ] {
            try folder.write("nginx", text)
            #expect(NginxVersion.read(folder["nginx"]).map(\.description) == version, "\(text)")
        }
        #expect(NginxVersion.read(folder["none"]) == nil)
        #expect(NginxVersion(major: 1, minor: 9, patch: 15) < .oldest && NginxVersion(major: 1, minor: 20, patch: 0) >= .oldest)
    }

    @Test("it is written once, and again where the plan is another", .limited)
    func written() throws {
        let folder = TemporaryFolder()
        var plan = FrontPlan(listen: [.init(port: 7860)], upstream: nil, folder: folder.path)
        #expect(try FrontFolder(path: folder.path).write(plan))
        #expect(try !FrontFolder(path: folder.path).write(plan))
        plan.mostBody = 1
        #expect(try FrontFolder(path: folder.path).write(plan))
    }

    @Test("a folder that is another's, a link, or out of reach is passed over", .limited)
    func passedOver() throws {
        let folder = TemporaryFolder()
        try folder.run(
            "mkdir open closed other; chmod 755 . open other; mkdir other/front; chmod 777 other/front; ln -s open link; mkdir linked; ln -s ../open linked/front; chmod 700 closed"
        )
        func make(_ names: String..., isShared: Bool) -> String? {
            (try? FrontFolder.make(below: names.map { folder[$0] }, name: "front", isShared: isShared))?.path
        }
        #expect(make("none", "other", "linked", "open", isShared: false) == folder["open/front"])
        #expect(make("none", "other", "linked", isShared: false) == nil)
        #expect(make("closed", isShared: false) == folder["closed/front"])
        #expect(make("closed", isShared: true) == nil)
        let long = String(repeating: "x", count: 100)
        try folder.run("mkdir \(long)")
        #expect(make(long, isShared: false) == nil)
        #expect(throws: FrontFolder.Unusable.self) { try FrontFolder.make(below: [folder["none"]], name: "front", isShared: false) }
    }
}
