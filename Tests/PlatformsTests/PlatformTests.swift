import JobKit
import Platforms
import Settings
import Testing

@Suite("platforms")
struct PlatformTests {
    @Test(
        "platforms are known by what they set",
        arguments: [
            ([:], "container", 7860, nil, 8000),
            (["SPACE_ID": "a/b", "SPACE_HOST": "a-b.hf.space", "PORT": "7861"], "huggingface", 7861, "https://a-b.hf.space", 8000),
            (
                ["RENDER_SERVICE_ID": "srv-1", "RENDER_EXTERNAL_URL": "https://x.onrender.com/", "PORT": "10000"], "render", 10_000, "https://x.onrender.com",
                25_000
            ),
            (["RAILWAY_PROJECT_ID": "p", "RAILWAY_PUBLIC_DOMAIN": "x.up.railway.app"], "railway", 7860, "https://x.up.railway.app", 2500),
            (["RAILWAY_PROJECT_ID": "p", "RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "30"], "railway", 7860, nil, 29_500),
            (["RAILWAY_PROJECT_ID": "p", "RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "0"], "railway", 7860, nil, 1000),
            (["RAILWAY_PROJECT_ID": "p", "RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "nan"], "railway", 7860, nil, 2500),
            (["RAILWAY_PROJECT_ID": "p", "RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "-inf"], "railway", 7860, nil, 1000),
            (["RAILWAY_PROJECT_ID": "p", "RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "1e300"], "railway", 7860, nil, 3_599_500),
            (["FLY_APP_NAME": "x", "PORT": "nonsense"], "fly", 7860, "https://x.fly.dev", 4000),
            (["K_SERVICE": "x", "PUBLIC_URL": "app.example.com//"], "cloudrun", 7860, "https://app.example.com", 8000),
            (["SHIPKEEPER_PLATFORM": "modelscope", "SHIPKEEPER_PORT": "80", "PORT": "81"], "modelscope", 80, nil, 8000),
            (["SPACE_ID": "", "KOYEB_APP_NAME": "x", "KOYEB_PUBLIC_DOMAIN": "x.koyeb.app"], "koyeb", 7860, "https://x.koyeb.app", 8000),
        ] as [([String: String], String, Int, String?, Int)])
    func platforms(environment: [String: String], kind: String, port: Int, url: String?, budget: Int) {
        let platform = Platform(environment)
        #expect(platform.kind.rawValue == kind && platform.port == port && platform.publicURL == url && platform.stopBudget == .milliseconds(budget))
        #expect(platform.variables["SHIPKEEPER_PUBLIC_URL"] == url ?? "http://127.0.0.1:\(port)")
    }

    @Test("the line about a platform does not name its own heading")
    func found() {
        for environment in [[:], ["SPACE_ID": "a/b"], ["FLY_APP_NAME": "x"]] {
            let check = PlatformAdvice.found(Platform(environment), stopBudget: .seconds(8))
            #expect(check.name == "platform" && !check.message.contains("platform") && check.message.contains(" (port 7860, "), "\(check)")
        }
        #expect(PlatformAdvice.found(Platform([:]), stopBudget: .seconds(8)).message.hasPrefix("none detected (port "))
    }

    @Test("warns of what moves by itself, of tunnels where they are not allowed, and of a home that can't be written")
    func advice() {
        let found = PlatformAdvice.movingVersions(
            in: "FROM node:latest\n# not openclaw@latest\nRUN npm i -g openclaw@latest x@latest-2 y # z@latest\n", file: "Dockerfile")
        #expect(
            found.map { "\($0.place) \($0.message.prefix(15))" } == [
                "Dockerfile:1:6 node:latest is ", "Dockerfile:3:14 openclaw@latest", "Dockerfile:3:30 x@latest is ano",
            ])
        #expect(
            PlatformAdvice.movingVersions(in: ["OPENCLAW_VERSION": "latest", "X_VERSION": "1"]).map(\.message) == [
                "this image was made with OPENCLAW_VERSION=latest, which is another version each time it is built"
            ])
        #expect(PlatformAdvice.tunnels(["/usr/bin/frpc"], on: Platform(["SPACE_ID": "a/b"]))?.verdict == .warning)
        #expect(PlatformAdvice.tunnels(["/usr/bin/frpc"], on: Platform([:])) == nil && PlatformAdvice.tunnels([], on: Platform(["SPACE_ID": "a/b"])) == nil)
        #expect(PlatformAdvice.home("/root", isWritable: false, user: 1000)?.message.contains("/root can't be written by user 1000") == true)
        #expect(PlatformAdvice.home("/root", isWritable: true, user: 1000) == nil && PlatformAdvice.home("", isWritable: true, user: 1000) != nil)
    }
}
