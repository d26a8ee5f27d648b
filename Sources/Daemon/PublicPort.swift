import Config
import Files
import Foundation
import Front
import Glibc
import JobKit
import Processes
import Scheduler
import Settings

/// The public port: nginx as a service of its own, the files that it reads, and the mark that the app behind it is ready.
final class PublicPort: Sendable {
    private enum Place {
        case folder(FrontFolder, WorkerAccount?, program: String)
        /// Why there is none.
        case unusable(String)
    }

    /// Where Debian and others keep programs of the administrator, besides `PATH`.
    private static let moreFolders = "/usr/sbin:/usr/local/sbin:/usr/local/nginx/sbin"
    private static let readyWithin = Duration.seconds(60)

    private let state: StateFolder
    private let note: @Sendable (LogNotice) -> Void
    private let place = SharedValue<Place?>(nil)
    private let front = SharedValue<Configuration.Front?>(nil)

    init(state: StateFolder, note: @escaping @Sendable (LogNotice) -> Void) {
        self.state = state
        self.note = note
    }

    /// Takes what a configuration says of the front, and writes nginx's files. Blocks.
    /// - Returns: Whether an nginx that runs has to read them again.
    @discardableResult
    func use(_ front: Configuration.Front?) -> Bool {
        self.front.value = front
        guard let front else { return false }
        if case .folder? = place.value {} else { place.value = find() }
        guard case .folder(let folder, let worker, _)? = place.value else { return false }
        do { return try folder.write(plan(front, folder, worker)) } catch {
            place.value = .unusable("the files of the public port can't be written: \(error)")
            return false
        }
    }

    private func find() -> Place {
        let program: String
        do throws(LaunchError) {
            program = try ProgramPath.runnable("nginx", folder: nil, path: "\(ContainerEnvironment.own["PATH"] ?? ""):\(PublicPort.moreFolders)")
        } catch {
            return .unusable("nginx is not installed, so nothing of ours answers at the public port; install the package nginx, or remove \"front\"")
        }
        let worker = WorkerAccount.find()
        do {
            let folder = try FrontFolder.make(below: bases(isShared: worker != nil), name: "shipkeeper-front-\(state.socket.digest)", isShared: worker != nil)
            return .folder(folder, worker, program: program)
        } catch {
            return .unusable("\(error)")
        }
    }

    private func bases(isShared: Bool) -> [String] {
        (isShared ? ["/run"] : [state.path]) + SocketPlace.bases
    }

    private func plan(_ front: Configuration.Front, _ folder: FrontFolder, _ worker: WorkerAccount?) -> FrontPlan {
        FrontPlan(
            listen: front.listen, upstream: front.upstream?.address, frameAncestors: front.frameAncestors, mostBody: front.mostBody, folder: folder.path,
            worker: worker.map { .init(user: $0.user, group: $0.group) }, hasIPv6: FileManager.default.fileExists(atPath: "/proc/net/if_inet6"))
    }

    // MARK: The service

    /// The job that keeps nginx running; nil where the configuration has no front.
    var job: ScheduledJob? {
        guard let front = front.value else { return nil }
        var definition = JobDefinition(name: Configuration.Front.jobName, typeName: "service", isService: true, triggers: [.boot], fingerprint: "front")
        var program = ProgramLine.command(["nginx"])
        switch place.value {
        case .folder(let folder, let worker, let nginx):
            program = .command([nginx, "-e", "stderr", "-c", plan(front, folder, worker).configurationFile])
        case .unusable(let reason): definition.disabled = .unusable(reason)
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
        guard case .folder(let folder, _, _)? = place.value else { return nil }
        do {
            try folder.setReady(isReady)
            return isReady
        } catch {
            note(LogNotice("nginx does not learn that the app is \(isReady ? "" : "not ")ready: \(error)", .warning))
            return nil
        }
    }
}
