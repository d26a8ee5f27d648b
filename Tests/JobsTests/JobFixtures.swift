import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Processes
import Scheduler
import Settings
import Synchronization
import TestSupport

/// Answers requests from a list, the last one again and again.
final class ListedAnswers: HTTPTransport {
    private struct State {
        var answers: [Result<HTTPResponse, HTTPFailure>]
        var requests: [HTTPRequest] = []
    }

    private let state: Mutex<State>

    init(_ answers: [Result<HTTPResponse, HTTPFailure>]) { state = Mutex(State(answers: answers)) }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest, onBody: HTTPBodyReceiver?) async throws(HTTPFailure) -> HTTPResponse {
        try state.withLock { state in
            state.requests.append(request)
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        }.get()
    }

    func connect(host: String, port: Int, timeout: Duration) async throws(HTTPFailure) {}
}

/// A job as a configuration declares it, run by hand.
struct DeclaredJob {
    let definition: JobDefinition
    let work: Work
    let values = InMemoryStore()
    let folder = TemporaryFolder()

    /// - Parameter text: The job's own lines, such as `type: command`.
    init(_ text: String, http: any HTTPTransport = ListedAnswers([.success(HTTPResponse(status: 200))]), arrivals: any ArrivalWatch = NoArrivals()) throws {
        let catalog = BuiltInJobs.catalog(http: http, arrivals: arrivals, now: { Date(timeIntervalSince1970: 1_790_000_000) })
        let lines = text.split(separator: "\n").map { "    \($0)\n" }.joined()
        let configuration = try ConfigurationReader(catalog: catalog, environment: [:]).read("version: 1\njobs:\n  a:\n\(lines)", file: "c.yaml")
        guard let job = configuration.jobs.first else { throw JobError("no job was read") }
        (definition, work) = (job.definition, job.work)
    }

    /// What is wrong with a job's lines, with places.
    static func problems(_ text: String) -> [String] {
        do {
            _ = try DeclaredJob(text)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    func run(isDryRun: Bool = false, environment: [String: String] = [:]) async throws -> RunReport {
        guard case .job(let job) = work else { throw JobError("it is a service") }
        return try await job.run(
            RunContext(
                job: "a", run: 7, attempt: 1, scheduledAt: Date(timeIntervalSince1970: 1_790_000_000), missed: 0, isDryRun: isDryRun, bootID: UUID().uuidString,
                stateFolder: "/tmp", deadline: nil, environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }, clock: ManualClock(),
                processes: SystemProcessLauncher(clock: RealClock()), values: values, reporter: reporter))
    }

    let reporter = RecordedVoice()
}

/// What a run says.
final class RecordedVoice: RunReporter {
    private let text = Mutex("")

    var all: String { text.withLock { $0 } }

    func log(_ line: String) { text.withLock { $0 += line + "\n" } }
    func output(_ bytes: [UInt8], from stream: LogStream) { text.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
    func report(_ progress: RunProgress) {}
    func report(_ service: ServiceStatus) {}
    func launched(_ process: any RunningProcess) {}
    func ended(_ exit: ProcessExit) {}
    func report(_ check: CheckReport) {}
}

private struct RealClock: WallClock {
    var now: Date { Date() }
    var uptime: Duration { .milliseconds(Int64(ProcessInfo.processInfo.systemUptime * 1000)) }
    func sleep(until instant: Date) async throws(CancellationError) {
        do { try await Task.sleep(for: .seconds(max(0.001, instant.timeIntervalSinceNow))) } catch { throw CancellationError() }
    }
}
