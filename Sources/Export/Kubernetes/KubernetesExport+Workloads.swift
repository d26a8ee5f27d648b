import Config
import JobKit
import Scheduler
import Settings
import TimeZones

extension KubernetesExport {
    // MARK: Services

    /// An independent service: its program is the container's.
    mutating func addService(_ service: Layout.PlainService) {
        let (job, definition) = (service.job, service.definition)
        let name = plan.names.name(of: job)
        let probes = Probes(definition)
        let strategy: [YAMLNode.Entry] =
            definition.restart.order == .startFirst
            ? [.init("type", .text("RollingUpdate")), .init("rollingUpdate", .map([.init("maxSurge", .integer(1)), .init("maxUnavailable", .integer(0))]))]
            : [.init("type", .text("Recreate"))]
        let pod = PodTemplate(
            labels: labels(name), annotations: plan.request.variables.isEmpty ? [] : [checksumAnnotation],
            grace: Probes.seconds(definition.stop.steps.first?.wait ?? .seconds(10)), restart: nil,
            container: [
                .init("name", .text("app")), .init("image", .text(plan.request.image)),
                .init("command", .texts(definition.program.arguments.map(KubernetesExport.expanded))),
                definition.folder.map { .init("workingDir", .text($0)) }, commonVariables, variables(of: job),
                probes.port.map { .init("ports", .list([KubernetesExport.containerPort("http", $0)])) },
            ] + probes.entries.map(Optional.some) + [
                KubernetesExport.resources(limit: definition.memoryLimit?.size.bytes(of: 0), request: 64 << 20),
                .init("volumeMounts", .list(PodTemplate.temporaryMounts())),
            ],
            volumes: [PodTemplate.temporaryVolume])
        add(
            "Deployment", "apps/v1", name, component: name,
            [
                .init(
                    "spec",
                    .map([
                        .init("replicas", .integer(1)), .init("revisionHistoryLimit", .integer(3)), .init("strategy", .map(strategy)),
                        .init("selector", .map([.init("matchLabels", selector(name))])), .init("template", pod.node),
                    ]))
            ])
        addService(named: name, component: name, ports: probes.port.map { [("http", $0)] } ?? [])
        addNetworkPolicy(named: name, component: name, ports: probes.port == nil ? [] : ["http"])
        note(service, port: probes.port)
    }

    /// Secrets first: later values may refer to them.
    private func variables(of job: Configuration.Job) -> YAMLNode.Entry? {
        var own = job.environment.compactMapValues(\.self)
        if let zone = job.timeZone.variable, own["TZ"] == nil { own["TZ"] = zone }
        let secrets = plan.secrets(of: job).map { secretVariable($0, isOptional: plan.request.unnamed.contains($0)) }
        let all = secrets + own.sorted { $0.key < $1.key }.map { KubernetesExport.variable($0.key, KubernetesExport.expanded($0.value)) }
        return all.isEmpty ? nil : .init("env", .list(all))
    }

    private mutating func note(_ service: Layout.PlainService, port: Int?) {
        let (definition, places, name) = (service.definition, service.job.places, service.job.definition.name)
        found.differs(.ownContainer(name), at: places.name)
        if definition.ready != nil { found.differsOnce(.readyAgain, at: places.place(below: "with", "ready")) }
        for (key, probe, every) in [("ready", definition.ready?.probe, definition.ready?.every), ("live", definition.live?.probe, definition.live?.every)] {
            guard let probe, let every else { continue }
            let place = places.place(below: "with", key)
            if case .http(let addresses) = probe, addresses.count > 1 { found.differs(.firstAddressOnly(name), at: place) }
            if every < .seconds(1) { found.differsOnce(.wholeSeconds(name), at: place) }
            if let port = probe.port { found.differsOnce(.podAddress(name, port: port), at: place) }
        }
        if places.isWritten("with", "restart", "backoff") { found.differs(.restartBackoff(name), at: places.place(below: "with", "restart", "backoff")) }
        if places.isWritten("with", "restart", "give_up_after") {
            found.differs(.givesUpNever(name), at: places.place(below: "with", "restart", "give_up_after"))
        }
        if !definition.exitRules.isEmpty { found.differs(.exitRules(name), at: places.place(below: "with", "exit_rules")) }
        if definition.memoryLimit != nil { found.differs(.killedAtLimit(name), at: places.place(below: "with", "memory_limit")) }
        if let port, port < 1024 { found.differs(.privilegedPort(port), at: places.name) }
    }

    // MARK: Schedules

    /// An independent job: each scheduled time is a pod with `shipkeeper exec`, which does the attempts of a run, its timeout and its log.
    mutating func addCronJob(_ scheduled: Layout.ScheduledJob) {
        let job = scheduled.job
        let name = plan.names.name(of: job)
        let pod = PodTemplate(
            labels: labels(name), grace: Probes.seconds(plan.configuration.stopBudget) + KubernetesExport.graceMargin, restart: "Never",
            container: [
                .init("name", .text("run")), .init("image", .text(plan.request.image)), .init("command", .texts(["shipkeeper", "exec", job.definition.name])),
                commonVariables, .init("env", shipkeeperVariables(plan.secrets(of: job))), KubernetesExport.resources(limit: nil, request: 64 << 20),
                .init("volumeMounts", .list([configurationMount] + PodTemplate.temporaryMounts([plan.stateFolder]))),
            ],
            volumes: [configurationVolume, PodTemplate.temporaryVolume])
        let retry = job.definition.retry
        // A pod that the cluster takes away is another matter than a failed run: where the file says so, another takes its place.
        let survives = retry.on.contains(.interrupted) && retry.attempts > 1
        let disruption = YAMLNode.map([
            .init("action", .text("Ignore")),
            .init("onPodConditions", .list([.map([.init("type", .text("DisruptionTarget")), .init("status", .text("True"))])])),
        ])
        let template = YAMLNode.group([
            .init("backoffLimit", .integer(0), comments: ["The attempts of a run are made within the pod."]),
            longest(job.definition).map { .init("activeDeadlineSeconds", .integer($0)) },
            survives ? .init("podFailurePolicy", .map([.init("rules", .list([disruption]))])) : nil, .init("template", pod.node),
        ])
        add(
            "CronJob", "batch/v1", name, component: name,
            [
                .init(
                    "spec",
                    .group([
                        .init("schedule", .text(cron(of: scheduled.schedule))),
                        // An interval is aligned by the clock of UTC.
                        .init("timeZone", .text(scheduled.schedule.zone?.nameThere ?? Zone.utc.name)),
                        .init("concurrencyPolicy", .text(job.definition.overlap == .replace ? "Replace" : "Forbid")),
                        .init("startingDeadlineSeconds", .integer(Probes.seconds(startingDeadline(scheduled)))),
                        .init("successfulJobsHistoryLimit", .integer(3)), .init("failedJobsHistoryLimit", .integer(3)),
                        .init("jobTemplate", .map([.init("spec", template)])),
                    ]))
            ])
        addNetworkPolicy(named: name, component: name, ports: [])
        note(scheduled)
    }

    private func cron(of schedule: Schedule) -> String {
        switch schedule {
        case .every(let length): CronText.text(every: length) ?? ""
        case .cron(let expression, _): expression.plain.map(CronText.text) ?? ""
        }
    }

    /// What counts as on time for a job that makes up for nothing.
    private static let onTime = Duration.seconds(60)

    private func startingDeadline(_ scheduled: Layout.ScheduledJob) -> Duration {
        let rule = scheduled.job.definition.fireRule
        switch rule.catchUp {
        case .skip: return min(rule.startDeadline ?? KubernetesExport.onTime, KubernetesExport.onTime)
        case .once, .all: return min(rule.startDeadline ?? .seconds(3650 * 86_400), CronText.window(of: scheduled.schedule))
        }
    }

    /// All attempts with their waits, and the time to begin and to end; nil where an attempt may take any time.
    private func longest(_ job: JobDefinition) -> Int? {
        guard let timeout = job.timeout else { return nil }
        var (total, wait) = (Double(job.retry.attempts) * timeout.seconds, job.retry.backoff.seconds)
        for _ in 1..<max(1, job.retry.attempts) {
            total += min(wait, job.retry.backoffCap.seconds)
            wait = min(job.retry.backoffCap.seconds, wait * job.retry.factor)
        }
        return Int(total.rounded(.up)) + 2 * Int(KubernetesExport.onTime.seconds)
    }

    private mutating func note(_ scheduled: Layout.ScheduledJob) {
        let (definition, places) = (scheduled.job.definition, scheduled.job.places)
        let name = definition.name
        found.noteSchedule(scheduled, keepsOverlap: [.skip, .replace], keepsJitter: false)
        if definition.fireRule.catchUp != .skip {
            let window = CronText.window(of: scheduled.schedule)
            if window < min(definition.fireRule.startDeadline ?? .seconds(30 * 86_400), .seconds(30 * 86_400)) {
                found.differs(.catchUpWindow(name, window), at: places.place(below: "on"))
            }
        }
        if case .every(let length) = scheduled.schedule {
            found.differs(.aligned(name, length, cron: cron(of: scheduled.schedule)), at: places.place(below: "on", "every"))
            if scheduled.atStart { found.differs(.notAtStart(name), at: places.place(below: "on", "at_start")) }
        }
    }
}

extension Exported {
    /// What no engine's clock does as shipkeeper's does.
    mutating func noteSchedule(_ scheduled: Layout.ScheduledJob, keepsOverlap: Set<Overlap>, keepsJitter: Bool) {
        let (definition, places) = (scheduled.job.definition, scheduled.job.places)
        let name = definition.name
        differsOnce(.history, at: places.name)
        if definition.typeName != "command" { differs(.forgets(name), at: places.place(below: "type")) }
        if definition.fireRule.catchUp == .all { differs(.catchUpAll(name), at: places.place(below: "catch_up")) }
        if !keepsOverlap.contains(definition.overlap) { differs(.overlap(name, rule: definition.overlap.rawValue), at: places.place(below: "overlap")) }
        if definition.fireRule.jitter > .zero, !keepsJitter { differs(.jitter(name), at: places.place(below: "jitter")) }
        if definition.deadline != nil { differs(.deadline(name), at: places.place(below: "deadline")) }
        guard case .cron(let expression, let zone) = scheduled.schedule else { return }
        if zone.variable == nil {
            differsOnce(.containerZone, at: places.place(below: "on", "cron"))
        } else if expression.followsWallClock, CronText.hasChangedClocks(zone) {
            differsOnce(.changedClocks, at: places.place(below: "on", "cron"))
        }
    }
}
