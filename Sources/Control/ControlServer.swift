import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore

/// The operations over HTTP, on a Unix socket that only our own user may use.
package struct ControlServer: Sendable {
    /// The longest path a Unix socket may have.
    package static let longestPath = 107

    private let operations: Operations
    private let socket: String
    private let logger: Logger

    package init(operations: Operations, socket: String, logger: Logger) {
        self.operations = operations
        self.socket = socket
        self.logger = logger
    }

    /// Serves until cancelled.
    package func run(onReady: @escaping @Sendable () -> Void) async throws {
        let socket = socket
        try? FileManager.default.removeItem(atPath: socket)
        let application = Application(
            router: router(), configuration: ApplicationConfiguration(address: .unixDomainSocket(path: socket), serverName: "shipkeeper"),
            onServerRunning: { _ in
                try? FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: socket)
                onReady()
            }, logger: logger)
        try await application.runService(gracefulShutdownSignals: [])
    }

    private func router() -> Router<BasicRequestContext> {
        let (router, operations) = (Router(), operations)
        router.get("/-/healthz") { _, _ in "ok\n" }
        router.get("/-/status") { _, _ in await answer { () throws(OperationError) in try await operations.status() } }
        router.post("/-/reload") { _, _ in await answer { () throws(OperationError) in await operations.reload() } }
        router.get("/-/next") { request, _ in
            let count = request.number("count") ?? 20
            return await answer { () throws(OperationError) in try await operations.next(count: Int(min(1000, max(1, count)))) }
        }
        router.get("/-/events") { request, _ in
            let query = request.uri.queryParameters
            let filter = EventFilter(job: query["job"].map(String.init), run: request.number("run"), topic: query["topic"].map(String.init))
            let (position, wait) = (request.number("after"), Duration.seconds(min(60, max(0, request.number("wait") ?? 0))))
            return await answer { () throws(OperationError) in await operations.events(after: position, filter, wait: wait) }
        }
        router.get("/-/runs") { request, _ in
            let limit = Int(min(10_000, max(1, request.number("limit") ?? 20)))
            let job = request.uri.queryParameters["job"].map(String.init)
            return await answer { () throws(OperationError) in try await operations.runs(of: job, limit: limit) }
        }
        router.get("/-/runs/{id}") { _, context in
            let id = context.parameters.get("id", as: Int64.self) ?? 0
            return await answer { () throws(OperationError) in try await operations.run(id) }
        }
        router.get("/-/repositories/{name}/notes") { _, context in
            let name = context.parameters.get("name") ?? ""
            return await answer { () throws(OperationError) in
                guard let notes = await operations.backupNotes(name) else { throw .noSuchRepository(name) }
                return notes
            }
        }
        router.get("/-/restore") { _, _ in await answer { () throws(OperationError) in await operations.restoring.answer(operations) } }
        router.post("/-/restore") { request, _ in
            let query = request.uri.queryParameters
            let wish = query["at"].map(String.init) ?? "latest"
            let repository = query["repository"].map(String.init)
            let isQuick = query["backup"] == "false"
            return await answer { () throws(OperationError) in
                await operations.restoring.begin(wish, repository: repository, present: isQuick ? .dropped : .stored, with: operations)
            }
        }
        jobRoutes(router)
        return router
    }

    private func jobRoutes(_ router: Router<BasicRequestContext>) {
        let operations = operations
        router.get("/-/jobs/{job}/why") { _, context in
            let job = context.parameters.get("job") ?? ""
            return await answer { () throws(OperationError) in try await operations.why(job) }
        }
        router.get("/-/jobs/{job}/log") { request, context in
            let job = context.parameters.get("job") ?? ""
            let (run, from) = (request.number("run"), request.number("from") ?? 0)
            return await answer { () throws(OperationError) in try await operations.log(of: job, run: run, from: from) }
        }
        router.post("/-/jobs/{job}/start") { request, context in
            let job = context.parameters.get("job") ?? ""
            let isNew = request.uri.queryParameters["new"] == "true"
            let isDryRun = request.uri.queryParameters["dry_run"] == "true"
            let confirmsEmpty = request.uri.queryParameters["confirm_empty"] == "true"
            return await answer { () throws(OperationError) in
                if isDryRun { return try await operations.dryRun(job, via: "command line") }
                return try await operations.start(job, via: "command line", evenIfRunning: isNew, confirmsEmpty: confirmsEmpty)
            }
        }
        router.post("/-/jobs/{job}/stop") { _, context in
            let job = context.parameters.get("job") ?? ""
            return await answer { () throws(OperationError) in try await operations.stop(job) }
        }
        router.post("/-/jobs/{job}/restart") { _, context in
            let job = context.parameters.get("job") ?? ""
            return await answer { () throws(OperationError) in try await operations.restart(job, via: "command line") }
        }
    }
}

extension Request {
    fileprivate func number(_ name: String) -> Int64? { uri.queryParameters[name[...]].flatMap { Int64($0) } }
}

/// Turns an operation's answer or failure into a response.
private func answer<Answer: Encodable & Sendable>(_ operation: () async throws(OperationError) -> Answer) async -> Response {
    do throws(OperationError) {
        return response(200, try await operation())
    } catch {
        let kind =
            switch error {
            case .noSuchJob: "no_such_job"
            case .noSuchRun, .noRunYet: "no_such_run"
            case .noSuchRepository: "no_such_repository"
            case .starting, .store: "unavailable"
            }
        return response(error.status, FailureAnswer(error: error.message, kind: kind))
    }
}

private func response(_ status: Int, _ value: some Encodable) -> Response {
    Response(
        status: .init(code: status), headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(bytes: ControlJSON.encode(value) + [10])))
}
