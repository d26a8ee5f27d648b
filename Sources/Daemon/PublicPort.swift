import Config
import Files
import Foundation
import Front
import Glibc
import JobKit
import Scheduler
import Settings

/// The public port: nginx as a service of its own, the files that it reads, and the mark that the app behind it is ready.
final class PublicPort: Sendable {
    private enum Place {
        case folder(Made)
        /// Why there is none.
        case unusable(Nginx.Unusable)
    }

    /// What was made for nginx once, and is kept.
    private struct Made {
        var folder: FrontFolder
        var instance: String
        var worker: WorkerAccount?
        var program: String
    }

    private static let folderHint = "make the state folder, or /run, writable for this user"
    private static let readyWithin = Duration.seconds(60)

    private let state: StateFolder
    private let note: @Sendable (LogNotice) -> Void
    private let place = SharedValue<Place?>(nil)
    private let front = SharedValue<Configuration.Front?>(nil)
    private let areVisitsSeen = SharedValue(false)
    /// Requests of keepalive jobs that come in here.
    let arrivals: Arrivals

    init(state: StateFolder, arrivals: Arrivals, note: @escaping @Sendable (LogNotice) -> Void) {
        self.state = state
        self.arrivals = arrivals
        self.note = note
    }

    /// Takes what a configuration says of the front, and writes nginx's files. Blocks.
    /// - Returns: Whether an nginx that runs has to read them again.
    @discardableResult
    func use(_ front: Configuration.Front?) -> Bool {
        self.front.value = front
        defer { tellArrivals() }
        guard let front else { return false }
        if case .folder? = place.value {} else { place.value = find(port: front.listen.first?.port ?? 0) }
        guard case .folder(let made)? = place.value else { return false }
        do { return try made.folder.write(plan(front, made)) } catch {
            place.value = .unusable(.init(reason: "the files of the public port can't be written: \(error)", hint: PublicPort.folderHint))
            return false
        }
    }

    private func find(port: Int) -> Place {
        let program: String
        do throws(Nginx.Unusable) { program = try Nginx.find(path: ContainerEnvironment.own["PATH"], port: port) } catch { return .unusable(error) }
        let worker = WorkerAccount.find()
        do {
            let folder = try FrontFolder.make(below: bases(isShared: worker != nil), name: "shipkeeper-front-\(state.socket.digest)", isShared: worker != nil)
            return .folder(Made(folder: folder, instance: try folder.instance(), worker: worker, program: program))
        } catch {
            return .unusable(.init(reason: "\(error)", hint: PublicPort.folderHint))
        }
    }

    private func bases(isShared: Bool) -> [String] {
        (isShared ? ["/run"] : [state.path]) + SocketPlace.bases
    }

    /// Called once visits are reported.
    func seesVisits() {
        areVisitsSeen.value = true
        tellArrivals()
    }

    private func tellArrivals() {
        let isInUse = areVisitsSeen.value && front.value != nil
        if isInUse, case .folder(let made)? = place.value { arrivals.see(made.instance) } else { arrivals.see(nil) }
    }

    private func plan(_ front: Configuration.Front, _ made: Made) -> FrontPlan {
        FrontPlan(
            listen: front.listen, upstream: front.upstream?.address, frameAncestors: front.frameAncestors, mostBody: front.mostBody, folder: made.folder.path,
            instance: made.instance, worker: made.worker.map { .init(user: $0.user, group: $0.group) },
            hasIPv6: PublicPort.hasIPv6)
    }

    static var hasIPv6: Bool { FileManager.default.fileExists(atPath: "/proc/net/if_inet6") }

    /// Where nginx asks for pages and reports visits, and the account by which it does; nil where that is our own.
    struct Sockets {
        var page, visits: String
        var worker: WorkerAccount?
    }

    /// Nil where there is no nginx.
    var sockets: Sockets? {
        guard let front = front.value, case .folder(let made)? = place.value else { return nil }
        let plan = plan(front, made)
        return Sockets(page: plan.pageSocket, visits: plan.visitSocket, worker: made.worker)
    }

    /// Where visitors come in vain, since there is no nginx for them.
    struct Vacancy: Equatable, Sendable {
        var why: Nginx.Unusable
        var listen: [FrontPlan.Listen]
        var frameAncestors: [String]
    }

    /// Nil where nginx can be used, or nothing is to be at the port.
    var vacancy: Vacancy? {
        guard let front = front.value, case .unusable(let why)? = place.value else { return nil }
        return Vacancy(why: why, listen: front.listen, frameAncestors: front.frameAncestors)
    }

    // MARK: The service

    /// The job that keeps nginx running; nil where the configuration has no front.
    var job: ScheduledJob? {
        guard let front = front.value else { return nil }
        var definition = JobDefinition(name: Configuration.Front.jobName, typeName: "service", isService: true, triggers: [.boot], fingerprint: "front")
        var program = ProgramLine.command(["nginx"])
        switch place.value {
        case .folder(let made):
            program = .command([made.program, "-e", "stderr", "-c", plan(front, made).configurationFile])
        case .unusable(let why): definition.disabled = .unusable(why.reason, hint: why.hint)
        case nil: break
        }
        let probe = front.listen.first.map { ServiceDefinition.Probe.tcp(host: $0.host ?? "127.0.0.1", port: $0.port) }
        let ready = probe.map { ServiceDefinition.ReadyCheck(probe: $0, every: .seconds(1), timeout: .seconds(5), within: PublicPort.readyWithin) }
        let path = ContainerEnvironment.own["PATH"].map { ["PATH": $0] } ?? [:]
        return ScheduledJob(definition: definition, work: .service(ServiceDefinition(program: program, ready: ready)), environment: path)
    }

    /// Lets nginx read its files again. Connections stay.
    func reread(_ scheduler: JobScheduler) async {
        let job = await scheduler.snapshot()?.jobs.first { $0.definition.name == Configuration.Front.jobName }
        guard let process = job?.service?.process else { return }
        kill(process, SIGHUP)
        note(LogNotice("nginx reads its configuration again", job: Configuration.Front.jobName))
    }

    // MARK: The app behind it

    /// Keeps the mark by which nginx knows whether the app is ready, until cancelled.
    /// - Parameters:
    ///   - position: Where to begin in the feed of events.
    ///   - isTakeover: Whether an app may have been ready since before this program.
    func follow(_ scheduler: JobScheduler, after position: Int64, isTakeover: Bool) async {
        var isReady = isTakeover ? nil : set(false)
        for await event in scheduler.events(after: position) {
            switch event.content {
            case .service, .configured, .missed, .run: break
            case .progress, .log, .message: continue
            }
            guard let service = front.value?.upstream?.service, event.job == nil || event.job == service else { continue }
            guard let job = await scheduler.snapshot()?.jobs.first(where: { $0.definition.name == service }) else { continue }
            if let now = PublicPort.isReady(job.service?.state, before: isReady), now != isReady { isReady = set(now) }
        }
    }

    /// Whether a service in this state takes requests; nil where it is as it was.
    /// - Parameter before: Nil while that is unknown: a service that was taken over is looked at first, and is mostly ready all the time.
    private static func isReady(_ state: ServiceStatus.State?, before: Bool?) -> Bool? {
        switch state {
        case .ready, .unready: true
        case .starting, nil: before == nil ? nil : false
        case .stopped, .backingOff, .givenUp, .stopping: false
        }
    }

    /// Gives what is in force; nil where that is unknown.
    private func set(_ isReady: Bool) -> Bool? {
        guard case .folder(let made)? = place.value else { return nil }
        do {
            try made.folder.setReady(isReady)
            return isReady
        } catch {
            note(LogNotice("nginx does not learn that the app is \(isReady ? "" : "not ")ready: \(error)", .warning))
            return nil
        }
    }
}
