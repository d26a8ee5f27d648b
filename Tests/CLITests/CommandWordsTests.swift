import ArgumentParser
import Foundation
import Testing
import TimeZones

@testable import CLI

/// What people write on the command line: commands of other tools, times, and what completes.
@Suite("words of the command line")
struct CommandWordsTests {
    private static let commands = Root.configuration.subcommands.filter { $0.configuration.shouldDisplay }.compactMap { $0.configuration.commandName }

    @Test("each command of another tool leads to one of ours, and none stands in for ours")
    func synonyms() throws {
        let others = [
            "ps", "ls", "list", "top", "stats", "jobs", "log", "tail", "history", "events", "schedule", "list-timers", "explain", "up", "serve", "daemon",
            "down", "kill",
            "cancel", "trigger", "enable", "disable", "validate", "lint", "test", "snapshots", "backup", "new",
        ]
        for word in others + others.map({ $0.uppercased() }) {
            let advice = try #require(CommandSynonyms.advice(for: [word], among: CommandWordsTests.commands), "\(word)")
            let meant = try #require(advice.firstMatch(of: /did you mean "shipkeeper ([a-z]+)/), "\(word): \(advice)")
            #expect(CommandWordsTests.commands.contains(String(meant.output.1)), "\(word): \(advice)")
        }
        for word in CommandWordsTests.commands + ["--help", "-h", "help"] {
            #expect(CommandSynonyms.advice(for: [word, "ps"], among: CommandWordsTests.commands) == nil)
        }
        #expect(CommandSynonyms.advice(for: [], among: CommandWordsTests.commands) == nil)
        #expect(CommandSynonyms.advice(for: ["statsu"], among: CommandWordsTests.commands)?.contains("shipkeeper status") == true)
        #expect(CommandSynonyms.advice(for: ["备份"], among: CommandWordsTests.commands)?.contains("--help") == true)
    }

    @Test("the completion script of each shell has every command", arguments: [CompletionShell.bash, .zsh, .fish])
    func completion(shell: CompletionShell) {
        let script = Root.completionScript(for: shell)
        #expect(CommandWordsTests.commands.count > 20)
        for command in CommandWordsTests.commands { #expect(script.contains(command), "\(command)") }
    }

    @Test("a length of time before now, however long, is an instant that the program reads")
    func lengths() throws {
        for (text, seconds) in [("0s", 0), ("10m", 600), ("2d", 172_800)] as [(String, Double)] {
            let found = try WrittenTime.parse(text, option: "--since")
            #expect(abs(Date.now.timeIntervalSince(found) - seconds) < 600, "\(text)")
        }
        for text in ["99999999999d", "106751991167d", "999999999999ms"] {
            let parameter = WrittenTime.parameter(try WrittenTime.parse(text, option: "--since"))
            #expect(WrittenInstant.parse(parameter, in: .utc, now: .now) != nil, "\(text): \(parameter)")
        }
    }

    @Test("an instant goes to the program as it was written, to the millisecond")
    func instants() throws {
        for text in ["2026-11-27T14:30:05+08:00", "2026-11-27T06:30:05.123Z", "1999-12-31T23:59:59.999Z"] {
            let found = try WrittenTime.parse(text, option: "--at")
            let back = try #require(WrittenInstant.parse(WrittenTime.parameter(found), in: .utc, now: .now), "\(text)")
            #expect(abs(back.start.timeIntervalSince(found)) < 0.001, "\(text)")
        }
    }

    @Test(
        "what is no time is refused, with the option and the forms",
        arguments: ["", "soon", "-5m", "25:00", "2026-13-01", "2026-02-30", "5", "５m", "1e9", "\0"])
    func noTimes(text: String) {
        let error = #expect(throws: ValidationError.self) { try WrittenTime.parse(text, option: "--since") }
        #expect(error?.message.hasPrefix("--since: \"\(text)\" is not a time; write 10m") == true)
    }
}
