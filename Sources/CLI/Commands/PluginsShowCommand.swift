import ArgumentParser
import Daemon
import Foundation
import JobKit
import PluginHost
import Settings

struct PluginsShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a plug-in's settings, secrets and programs, and a job that uses it.")

    @Argument(help: "The plug-in's name.")
    var name: String

    @Option(name: .shortAndLong, help: "The configuration file, whose plug-ins are included.")
    var config: String?

    @OptionGroup var json: JSONOption

    private struct Need: Encodable {
        var program: String
        var isFound: Bool

        enum CodingKeys: String, CodingKey {
            case program
            case isFound = "found"
        }
    }

    private struct Answer: Encodable {
        var name: String
        var version: String
        var kind: String
        var description: String
        var origin: String
        var folder: String
        var settings: [PluginSetting]
        var secrets: [String]
        var needs: [Need]
        var grace: Double
        var timeout: Double?
        var example: String
    }

    func run() throws {
        let found = ConfigurationFile(option: config).plugins()
        guard let plugin = found.plugins.first(where: { $0.name == name }) else {
            for problem in found.problems { Console.warning(problem.description) }
            let names = found.plugins.map(\.name)
            let nearest = NearestWord.find(name, in: names).map { "did you mean \"\($0)\"?" }
            Console.error("there is no plug-in named \"\(name)\"", hint: nearest ?? "known are \(names.joined(separator: ", "))")
            throw ExitCode.failure
        }
        let missing = plugin.missingPrograms(path: ProcessInfo.processInfo.environment["PATH"])
        let programs = plugin.needs + missing.filter { !plugin.needs.contains($0) }
        let answer = Answer(
            name: plugin.name, version: plugin.version, kind: plugin.kind.rawValue, description: plugin.about, origin: plugin.origin.code,
            folder: plugin.folder, settings: plugin.allSettings, secrets: plugin.secretKeys,
            needs: programs.map { Need(program: $0, isFound: !missing.contains($0)) }, grace: plugin.grace / .seconds(1),
            timeout: plugin.timeout.map { $0 / .seconds(1) }, example: plugin.exampleBlock)
        if Console.answered(answer) { return }
        show(plugin, answer)
    }

    private func show(_ plugin: PluginManifest, _ answer: Answer) {
        Console.out("\(Console.paint(plugin.name, .bold)) \(plugin.version): \(plugin.about)")
        func fact(_ name: String, _ text: String) {
            Console.out(Console.paint(name.padding(toLength: 10, withPad: " ", startingAt: 0), .grey) + text)
        }
        let timeout = plugin.timeout.map { ", timeout \(DurationText.format($0))" } ?? ""
        fact("kind", "\(plugin.kind.rawValue)\(timeout), grace \(DurationText.format(plugin.grace))")
        fact("from", "\(plugin.origin.words): \(plugin.folder)")
        let needs = answer.needs.map { $0.isFound ? $0.program : Console.paint("\($0.program) (not on PATH)", .red) }
        if !needs.isEmpty { fact("programs", needs.joined(separator: ", ")) }
        if !answer.secrets.isEmpty { fact("secrets", answer.secrets.joined(separator: ", ")) }
        Console.out("")
        if answer.settings.isEmpty {
            Console.out("It has no settings.")
        } else {
            var table = TextTable(["SETTING", "TYPE", "DEFAULT", "MEANING"], flexible: 3, isWrapping: true)
            for setting in answer.settings {
                let value = setting.isRequired ? "(required)" : setting.fallback?.displayText ?? ""
                table.add([
                    .init(setting.key, .bold), .init(setting.form), .init(value, setting.isRequired ? .yellow : nil),
                    .init((setting.isSecret ? "secret: " : "") + setting.description),
                ])
            }
            Console.out(table.lines(width: Console.width))
        }
        Console.out("\nAn example for shipkeeper.yaml:\n")
        Console.out(answer.example)
    }
}
