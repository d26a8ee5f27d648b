import ArgumentParser
import Control
import Foundation
import JobKit
import Processes

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: WhyOperation.summary)

    @Argument(help: "The job's name.", completion: .jobs)
    var job: String

    @Option(help: "Explain one scheduled time: 03:00, \"2026-11-27 03:00\", or with an offset, 2026-11-27T03:00:00+08:00.")
    var at: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.ask(WhyOperation.self, .init(job: job, at: at))
        if Console.answered(answer) { return }
        for line in answer.lines {
            // A script reads a line each; a terminal gets them broken where they fit.
            let width = Terminal.isOutput ? Console.width : .max
            if line.about == .verdict {
                Console.out(wrapped("\(answer.job): \(line.text)", width: width, indent: ""))
            } else {
                let label = "  " + line.about.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
                Console.out(label + wrapped(line.text, width: width, indent: String(repeating: " ", count: label.count)).dropFirst(label.count))
            }
        }
    }
}
