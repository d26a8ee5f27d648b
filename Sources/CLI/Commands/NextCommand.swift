import ArgumentParser
import Control
import Daemon
import Foundation
import JobKit
import Settings
import TimeZones

struct NextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "next", abstract: NextOperation.summary)

    @Argument(help: "Only this job's times; without it the next time of each job.", completion: .jobs)
    var job: String?

    @Option(name: [.customShort("n"), .long], help: "At most this many times, of all jobs together; for one job the default is 10.")
    var count: Int?

    @Flag(help: "Show times in UTC.")
    var utc = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("-n takes a number of at least 1") }
    }

    func run() async throws {
        let isOnePerJob = job == nil && count == nil
        let answer = try await server.ask(NextOperation.self, .init(job: job, count: count ?? (isOnePerJob ? 1000 : 10), perJob: isOnePerJob ? 1 : nil))
        if Console.answered(answer) { return }
        var table = TextTable(["WHEN", "IN", "JOB", "SCHEDULE"], flexible: 3)
        let now = SystemWallClock().now
        let zones = ZoneFinder(environment: ContainerEnvironment.all)
        for fire in answer.fires {
            table.add([
                .init((utc ? .utc : fire.timeZone.flatMap { try? zones.zone($0) } ?? ShownTime.zone).text(fire.at)),
                .init(DurationText.readable(fire.at.since(now))),
                .init(fire.job, .bold),
                .init(fire.schedule),
            ])
        }
        for line in table.lines(width: Console.width) { Console.out(line) }
        if !answer.paused.isEmpty { Console.out("paused: \(answer.paused.joined(separator: ", "))") }
    }
}
