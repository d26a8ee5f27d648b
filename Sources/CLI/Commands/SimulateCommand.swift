import ArgumentParser
import Config
import Control
import Daemon
import Foundation
import HTTPClient
import JobKit
import Scheduler
import Settings
import TimeZones

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Let the schedules of a configuration run in virtual time, and show what happens.",
        discussion: """
            The scheduler itself decides, as it does while the program runs; nothing is started. Runs succeed, and take as long as those that are recorded in the state folder \
            took, or as --length says. Services are ready at once, and folders that are watched don't change.
            """)

    @Option(help: "How many days.")
    var days = 400

    @Option(help: "The first instant, such as 2026-12-01; now by default.")
    var from: String?

    @Option(parsing: .singleValue, help: "The host sleeps then, on every day or once: \(WrittenAbsence.forms). May be given several times.")
    var asleep: [String] = []

    @Option(parsing: .singleValue, help: "shipkeeper is stopped then, in the same forms.")
    var down: [String] = []

    @Option(parsing: .singleValue, help: "How long the runs of a job take: JOB=10m. May be given several times.")
    var length: [String] = []

    @OptionGroup var place: ServerPlace
    @OptionGroup var variables: VariableOptions
    @OptionGroup var json: JSONOption

    private static let longest = 3660

    func validate() throws {
        guard (1...SimulateCommand.longest).contains(days) else { throw ValidationError("--days takes a number from 1 to \(SimulateCommand.longest)") }
    }

    func run() async throws {
        let configuration = try configuration()
        ShownTime.zone = configuration.timeZone
        let start = try from.map { try WrittenTime.parse($0, option: "--from") } ?? SystemWallClock().now
        let end = start.addingTimeInterval(Double(days) * 86_400)
        let definitions = configuration.jobs.map(\.definition)
        let measured = await RecordedState.lengths(of: definitions, option: place.state, configuration: place.config)
        let lengths = try (measured?.runs ?? [:]).merging(given(definitions)) { _, given in given }
        let shares = measured?.plan(of: configuration).shares ?? StopShares(of: configuration.stopBudget)
        let world = ScheduleSimulation.World(
            lengths: lengths, stopLengths: measured?.services ?? [:], mostParallel: configuration.mostParallel, stopBudget: shares.all, runsBudget: shares.runs,
            absences: try absences(start, end))
        var simulation = ScheduleSimulation(definitions, world, from: start, until: end)
        var tally = SimulatedTally()
        do throws(ScheduleSimulation.Standstill) { try simulation.run { tally.add($0) } } catch {
            Console.error(
                "the schedules stand still at \(ShownTime.text(error.at))", hint: "this is a mistake of shipkeeper: please report it with the configuration")
            throw ExitCode.failure
        }
        let report = SimulationReport(definitions, world, tally, from: start, until: end)
        if Console.answered(report.answer) { return }
        Console.out(report.lines(width: Console.width))
    }

    private func configuration() throws -> Configuration {
        let file = try variables.configurationFile(place.config)
        do { return try file.read(ConfigurationFile.catalog(http: CurlClient())) } catch {
            var printer = ProblemPrinter()
            printer.print(error.problems, file: file.path)
            throw Exit.badConfiguration
        }
    }

    private func absences(_ start: Date, _ end: Date) throws -> [ScheduleSimulation.Absence] {
        func read(_ texts: [String], _ kind: ScheduleSimulation.Absence.Kind, _ option: String) throws -> [ScheduleSimulation.Absence] {
            try texts.flatMap { text in
                guard let found = WrittenAbsence.parse(text, kind, in: ShownTime.zone, from: start, until: end) else {
                    throw ValidationError("\(option): \"\(text)\" is no stretch of time; write \(WrittenAbsence.forms).")
                }
                return found
            }
        }
        return WrittenAbsence.joined(try read(asleep, .asleep, "--asleep") + read(down, .down, "--down"))
    }

    // MARK: Lengths

    private func given(_ jobs: [JobDefinition]) throws -> [String: Duration] {
        var lengths: [String: Duration] = [:]
        for text in length {
            guard let equals = text.lastIndex(of: "="), let length = DurationText.parse(String(text[text.index(after: equals)...])) else {
                throw ValidationError("--length: \"\(text)\" is not JOB=10m.")
            }
            let name = String(text[..<equals])
            guard jobs.contains(where: { $0.name == name }) else {
                Console.error("no job is named \"\(name)\"", hint: "jobs are \(jobs.map(\.name).joined(separator: ", "))")
                throw Exit.noSuchJob
            }
            lengths[name] = length
        }
        return lengths
    }
}
