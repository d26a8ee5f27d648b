import Config
import Foundation
import Front
import HTTPClient
import JobKit
import Jobs
import Settings
import TestSupport
import Testing

/// What is read below `front`.
@Suite("front in a configuration")
struct FrontKeysTests {
    private static let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })
    private static let services = """
        jobs:
          web: { type: service, with: { command: [a], ready: { http: "http://127.0.0.1:8080/up?x" } } }
          db: { type: service, with: { command: [b], live: { tcp: "[::1]:6379" } } }
          plain: { type: service, with: { command: [c] } }
          secure: { type: service, with: { command: [d], ready: { http: "https://127.0.0.1:8443/" } } }
          job: { type: command, with: { shell: x } }

        """

    private func read(_ front: String, environment: [String: String] = [:]) throws -> Configuration {
        try ConfigurationReader(catalog: FrontKeysTests.catalog, environment: environment).read(
            "version: 1\nfront: \(front)\n\(FrontKeysTests.services)", file: "c")
    }

    private func problems(_ front: String) -> [String] {
        do { return try read(front).warnings.map(\.description) } catch { return (error as? ConfigurationError)?.problems.map(\.description) ?? [] }
    }

    @Test("the port and the service, in all forms")
    func forms() throws {
        func front(_ text: String, environment: [String: String] = [:]) throws -> Configuration.Front {
            try #require(read(text, environment: environment).front)
        }
        #expect(try front("{ upstream: web }").listen == [.init(port: 7860)])
        #expect(try front("{ upstream: web }", environment: ["RENDER_SERVICE_ID": "x", "PORT": "10000"]).listen == [.init(port: 10_000)])
        #expect(try front("{ listen: 80 }").listen == [.init(port: 80)])
        #expect(try front("{ listen: \"127.0.0.1:80\" }").listen == [.init(host: "127.0.0.1", port: 80)])
        #expect(try front("{ listen: [\"[::1]:80\", \"81\"] }").listen == [.init(host: "::1", port: 80), .init(port: 81)])
        #expect(try front("{ upstream: web }").upstream?.address == .init(host: "127.0.0.1", port: 8080))
        #expect(try front("{ upstream: db }").upstream?.address == .init(host: "::1", port: 6379))
        #expect(try front("{ upstream: { service: plain, address: 9000 } }").upstream?.address == .init(host: "127.0.0.1", port: 9000))
        #expect(try front("{ upstream: { service: web, address: \"10.0.0.2:9000\" } }").upstream?.address == .init(host: "10.0.0.2", port: 9000))
        let full = try front("{ frame_ancestors: [self, \"https://*.hf.space\"], max_body: 1MiB }")
        #expect(full.frameAncestors == ["'self'", "https://*.hf.space"] && full.mostBody == 1 << 20 && full.upstream == nil)
        #expect(try read("{ listen: 80 }").jobs.count == 5)
    }

    @Test(
        "mistakes say where they are and what to write",
        arguments: [
            ("{ listen: 0 }", "c:2:18: error: \"front.listen\" is \"0\", not a port; write for example listen: 7860, or 127.0.0.1:7860"),
            ("{ listen: [\"a b:80\"] }", "not a port"),
            ("{ upstream: wep }", "\"front.upstream\" names \"wep\", which is not a service; did you mean \"web\"?"),
            ("{ upstream: job }", "\"front.upstream\" names \"job\", which is not a service"),
            ("{ upstream: plain }", "nothing says where the service plain listens"), ("{ upstream: secure }", "nothing says where the service secure listens"),
            ("{ upstream: web, listen: 8080 }", "\"front\" listens at port 8080, and so does its service web"),
            ("{ frame_ancestors: \"x; script-src *\" }", "\"front.frame_ancestors\" holds \"x; script-src *\""), ("{ upstraem: web }", "upstream"),
            ("{ upstream: { service: web, adress: 1 } }", "address"),
        ])
    func mistakes(front: String, message: String) {
        let found = problems(front)
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    @Test("a job can't have its name")
    func taken() {
        let text = "version: 1\nfront: { listen: 80 }\njobs:\n  front: { type: command, with: { shell: x } }\n"
        #expect { try ConfigurationReader(catalog: FrontKeysTests.catalog, environment: [:]).read(text, file: "c") } throws: { error in
            (error as? ConfigurationError)?.problems.map(\.message) == ["a job is named \"front\", which is the name of the public port's own service"]
        }
    }

    @Test("the port is found in a file that is broken elsewhere")
    func broken() {
        func port(_ text: String) -> Int? { HeldConfiguration.read(text, file: "c", environment: [:])?.front?.listen.first?.port }
        #expect(port("version: 1\nfront: { listen: 81, upstream: web }\njobs:\n  a: { type: nonsense") == 81)
        #expect(port("front: { listen: 81, nonsense: 1 }\nnothing: 3\n") == 81)
        #expect(port("front: { listen: [ }\n") == nil)
        #expect(port("version: 1\njobs: {}\n") == nil)
    }
}
