import Config
import Control
import Front
import JobKit
import Logging
import Logs
import Scheduler
import Web

extension Daemon {
    /// Serves the page from when the configuration has a public port until the program leaves, also while it stops. Where the socket can't be
    /// used, tries again: nginx has a page of its own meanwhile.
    func servePage(_ operations: Operations, after position: Int64) async {
        guard let sockets = await socketsOfFront(operations.scheduler, after: position) else { return }
        let visits = SharedValue(LastVisits())
        do throws(VisitListener.Failure) {
            let owner = sockets.worker.map { (user: $0.userID, group: $0.groupID) }
            try VisitListener.start(sockets.visits, owner: owner) { [publicPort] visit in
                let isOwn = publicPort.arrivals.note(visit)
                visits.update { $0.add(visit, isOwn: isOwn) }
            }
            publicPort.seesVisits()
        } catch {
            container.note("visits to the public port are not seen: \(error)", .warning)
        }
        let backups = BackupLists(clock: clock) { [current, redactor] in
            await RepositoryPlans(configuration: current.value).lists(notes: operations.backupNotes) { redactor.redacted($0) }
        }
        let site = Site(
            .init(
                operations: operations, settings: { [self] in siteSettings }, redacted: { [redactor] in redactor.redacted($0) }, visits: { visits.value },
                backups: { await backups.newest() }))
        let counting = Task { await site.count() }
        defer { counting.cancel() }
        await PageService(site: site, sockets: sockets, container: container, clock: clock).run()
    }

    /// Waits until the configuration in force has a public port. Nil when the scheduler ends before.
    private func socketsOfFront(_ scheduler: JobScheduler, after position: Int64) async -> PublicPort.Sockets? {
        if let sockets = publicPort.sockets { return sockets }
        for await event in scheduler.events(after: position) {
            if case .configured = event.content, let sockets = publicPort.sockets { return sockets }
        }
        return nil
    }

    /// Holds the public port with a page that says why the app is not there, as long as there is no nginx for it.
    func holdVacantPort(_ scheduler: JobScheduler, after position: Int64) async {
        var (held, holding): (PublicPort.Vacancy?, Task<Void, Never>?) = (nil, nil)
        func follow() async {
            let vacancy = publicPort.vacancy
            guard vacancy != held else { return }
            holding?.cancel()
            // nginx tries again where the port is not free yet.
            await holding?.value
            holding = vacancy.map { vacancy in Task { [container, clock] in await VacantPort(vacancy, container: container, clock: clock).run() } }
            held = vacancy
        }
        await follow()
        for await event in scheduler.events(after: position) {
            switch event.content {
            case .configured, .missed: await follow()
            case .run, .service, .progress, .log, .message: continue
            }
        }
        holding?.cancel()
    }

    private var siteSettings: SiteSettings {
        let (configuration, mistakes) = (current.value, mistakes.value)
        return SiteSettings(
            app: configuration.front?.upstream?.service, token: configuration.control.token, frameAncestors: configuration.front?.frameAncestors ?? [],
            mistakes: mistakes.problems.map(ProblemAnswer.init), isHeld: mistakes.isHeld)
    }
}

/// The servers at the addresses of a public port without nginx, started again where they fail.
private struct VacantPort {
    let vacancy: PublicPort.Vacancy
    let container: ContainerLog
    let clock: any WallClock

    init(_ vacancy: PublicPort.Vacancy, container: ContainerLog, clock: any WallClock) {
        self.vacancy = vacancy
        self.container = container
        self.clock = clock
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            for listen in vacancy.listen { group.addTask { await hold(listen) } }
        }
    }

    private func hold(_ listen: FrontPlan.Listen) async {
        var logger = Logger(label: "page") { [container] _ in ContainerLogHandler(container) }
        logger.logLevel = .critical
        // One socket takes both kinds of addresses. Source: ipv6(7), IPV6_V6ONLY.
        let host = listen.host ?? (PublicPort.hasIPv6 ? "::" : "0.0.0.0")
        let server = ReasonServer(
            port: listen.port, host: host, reason: vacancy.why.reason, hint: vacancy.why.hint, frameAncestors: vacancy.frameAncestors, logger: logger)
        var complaint: String?
        repeat {
            do { try await server.run() } catch {
                let words = "port \(listen.port) has no page that says why the app is not there: \(error)"
                if words != complaint { container.note(words, .warning) }
                complaint = words
            }
        } while (try? await clock.sleep(for: Daemon.socketPause)) != nil
    }
}

/// The server of the page, started again where it fails.
private struct PageService {
    let site: Site
    let sockets: PublicPort.Sockets
    let container: ContainerLog
    let clock: any WallClock

    func run() async {
        var logger = Logger(label: "page") { [container] _ in ContainerLogHandler(container) }
        logger.logLevel = .critical
        let owner = sockets.worker.map { HTTPServer.Owner(user: $0.userID, group: $0.groupID) }
        var complaint: String?
        repeat {
            do { try await WebServer(site: site, socket: sockets.page, owner: owner, logger: logger).run {} } catch {
                let words = "the status page is not served: \(error)"
                if words != complaint { container.note(words, .error) }
                complaint = words
            }
        } while (try? await clock.sleep(for: Daemon.socketPause)) != nil
    }
}
