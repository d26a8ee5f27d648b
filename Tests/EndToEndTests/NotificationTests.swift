import Foundation
import TestSupport
import Testing

/// Messages from a failing job to each service, over stops and kills.
@Suite("notifications", .waiting, .serialized)
struct NotificationTests {
    private struct Entry: Decodable {
        var service: String
        var text: String
        var end: String?
        var to: [String]?
        var encrypted: Bool?
    }

    private static let channels = [
        "feishu": ("/feishu/feishu-token", "secret: chat-secret-of-tests"),
        "dingtalk": ("/dingtalk/send?access_token=ding-token", "secret: chat-secret-of-tests"),
        "wecom": ("/wecom/send?key=wecom-token", ""), "bark": ("/bark-token/", ""), "slack": ("/slack/slack-token", ""),
        "discord": ("/discord/1/discord-token", ""),
        "telegram": ("/telegram/bottelegram-token", "to: \"4711\""), "ping": ("/ping/ping-token", ""), "webhook": ("/webhook/hook-token", ""),
    ]

    /// A job that fails as long as a file is there, and one message job for each service.
    private func configuration(_ chats: StandIn, _ folder: TemporaryFolder, _ names: [String]) throws -> String {
        var jobs = names.map { name in
            let (path, more) = NotificationTests.channels[name] ?? ("", "")
            return
                "  to-\(name): { type: notify, on: { after: { job: \"*\", outcome: [problem, recovered] } }, retry: { attempts: 1000, backoff: 100ms..200ms }, with: { url: \"\(chats.endpoint)\(path)\", channel: \(name), language: zh, \(more) } }"
        }
        jobs.append(
            "  backup: { type: command, with: { shell: \"if [ -e '\(folder["broken"])' ]; then seq 1 400 | sed 's/^/日志 /'; exit 3; fi\" } }")
        return "version: 1\nstate: \(folder["state"])\njobs:\n\(jobs.joined(separator: "\n"))\n"
    }

    private func log(_ chats: StandIn) async throws -> [Entry] { try await chats.ask("log", as: [Entry].self) }

    private func waits(for count: Int, _ service: String, _ chats: StandIn) throws -> Bool {
        try RunningProgram.until("curl -s \(chats.endpoint)/_stub/log | jq '[.[] | select(.service == \"\(service)\")] | length' | grep -qx \(count)")
    }

    @Test("the stand-in is one that official clients take for the service", .limited)
    func official() throws {
        let chats = try StandIn("StandInChats/chats.py")
        let session = try Shell.run("'\(Shell.python)' '\(SourceTree.root)/Tests/TestSupport/StandInChats/official_session.py' '\(chats.folder.path)'")
        #expect(session.status == 0, "\(session)")
    }

    @Test("each service gets one message about a problem, and one when it is over; no token is shown", .limited)
    func services() async throws {
        let (chats, folder) = (try StandIn("StandInChats/chats.py"), TemporaryFolder())
        let mail = """
              to-mail: { type: notify, on: { after: { job: backup, outcome: [problem, recovered] } }, env: { CURL_CA_BUNDLE: "\(chats.folder["ca.pem"])" },
                         with: { url: "smtp://127.0.0.1:\(chats.folder.read("smtp") ?? "")", user: me@example.com, password: mail-password, to: "you@example.com, she@example.com" } }

            """
        try folder.write("broken", "")
        let names = NotificationTests.channels.keys.sorted()
        let program = try RunningProgram(try configuration(chats, folder, names) + mail, in: folder)
        #expect(try program.answers())
        for _ in 0..<3 { #expect(try program.ask("start backup --wait").status == 1) }
        for name in names + ["mail"] { #expect(try waits(for: 1, name, chats), "\(name): \(program.log)") }
        try FileManager.default.removeItem(atPath: folder["broken"])
        #expect(try program.ask("start backup --wait").status == 0)
        for name in names + ["mail"] { #expect(try waits(for: 2, name, chats), "\(name): \(program.log)") }
        let log = try await log(chats)
        for name in names {
            let texts = log.filter { $0.service == name }.map(\.text)
            #expect(texts.count == 2, "\(name): \(texts)")
            if name != "webhook" {
                #expect(texts[0].contains("backup 失败") && texts[1].contains("backup 已恢复"), "\(name): \(texts)")
                #expect(texts[0].contains("日志 400") && !texts[0].contains("日志 390\n"), "the last ten lines: \(texts[0])")
            }
            #expect(texts[0].contains("第 1 次运行"), "\(texts[0])")
        }
        #expect(log.filter { $0.service == "ping" }.map(\.end) == ["/fail", ""])
        let mails = log.filter { $0.service == "mail" }
        #expect(mails.map(\.encrypted) == [true, true] && mails.first?.to == ["you@example.com", "she@example.com"])
        #expect(mails.first?.text.hasPrefix("backup failed\n") == true, "\(mails)")
        let status = try program.ask("status --json").output + program.ask("logs").output + program.ask("runs --json").output
        _ = program.stop()
        for token in [
            "feishu-token", "ding-token", "wecom-token", "bark-token", "slack-token", "telegram-token", "ping-token", "hook-token", "chat-secret",
            "mail-password",
        ] {
            #expect(!status.contains(token), "\(token)")
            #expect(try Shell.run("grep -rlaF -- '\(token)' state log.txt", folder: folder.path).output.isEmpty, "\(token)")
        }
    }

    @Test("a message is delivered after kill -9 and after a stop, once the service is there again", .limited, arguments: [SIGKILL, SIGTERM])
    func delivered(signal: Int32) async throws {
        let (chats, folder) = (try StandIn("StandInChats/chats.py"), TemporaryFolder())
        try folder.write("broken", "")
        try await chats.tell("down")
        let text = try configuration(chats, folder, ["wecom"])
        let first = try RunningProgram(text, in: folder)
        #expect(try first.answers())
        #expect(try first.ask("start backup --wait").status == 1)
        #expect(try RunningProgram.until("curl -s \(chats.endpoint)/_stub/log | grep -q refused"), "\(first.log)")
        if signal == SIGKILL { try first.killAll() } else { #expect(first.stop() == 0, "\(first.log)") }
        #expect(try await log(chats).filter { $0.service == "wecom" }.isEmpty)
        try await chats.tell("up")
        let second = try RunningProgram(text, in: folder)
        #expect(try waits(for: 1, "wecom", chats), "\(second.log)")
        #expect(try RunningProgram.until("'\(SourceTree.program)' runs to-wecom --json --state '\(folder["state"])' | grep -q succeeded"), "\(second.log)")
        #expect(try second.ask("runs to-wecom --json").output.components(separatedBy: "\"job\"").count - 1 == 1)
        // What is killed while it sends may have been taken: then the same comes once more.
        let texts = try await log(chats).filter { $0.service == "wecom" }.map(\.text)
        #expect(Set(texts).count == 1 && (signal == SIGKILL || texts.count == 1), "\(texts)")
        _ = second.stop()
    }

    @Test("a message that the service refuses says why, and a manual start sends a test", .limited)
    func refused() throws {
        let (chats, folder) = (try StandIn("StandInChats/chats.py"), TemporaryFolder())
        let check = try Shell.run("'\(SourceTree.program)' plugins check '\(SourceTree.root)/Plugins/notify'")
        #expect(check.status == 0, "\(check)")
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            jobs:
              good: { type: notify, with: { url: "\(chats.endpoint)/slack/slack-token", channel: slack } }
              wrong: { type: notify, with: { url: "\(chats.endpoint)/feishu/x", channel: feishu, secret: other } }
              unknown: { type: notify, with: { url: "\(chats.endpoint)/x" } }
              plain: { type: notify, with: { url: "smtp://127.0.0.1:\(chats.folder.read("smtp") ?? "")", user: me@example.com, password: mail-password, to: you@example.com } }
            """, in: folder)
        #expect(try program.answers())
        #expect(try program.ask("start good --wait").status == 0)
        #expect(try waits(for: 1, "slack", chats))
        for (job, words) in [("wrong", "19021"), ("unknown", "set \"channel\""), ("plain", "SSL")] {
            let result = try program.ask("start \(job) --wait")
            #expect(result.status == 1 && (result.output + result.errors).contains(words), "\(job): \(result)")
        }
        _ = program.stop()
    }
}
