/// Keys of other tools (Docker Compose, GitHub Actions, process-compose, cron runners) that people write from habit, and what to write instead.
enum KeySynonyms {
    private struct Advice {
        /// A key that must be known in the group, so that the advice fits the place.
        var key: String
        var hint: String
    }

    /// What to write instead of an unknown key; nil where it is not the key of a known tool.
    /// - Parameter known: The keys of the group.
    static func hint(for key: String, among known: [String]) -> String? {
        advice[key.lowercased()]?.first { known.contains($0.key) }?.hint
    }

    /// The key of the group that means the same as an unknown one; nil where there is none.
    static func key(for key: String, among known: [String]) -> String? {
        advice[key.lowercased()]?.first { known.contains($0.key) && $0.hint == same($0.key).hint }?.key
    }

    /// Whether an unknown key belongs under a key of the group.
    static func isMeant(_ key: String, for group: String) -> Bool { advice[key.lowercased()]?.contains { $0.key == group } == true }

    private static func same(_ key: String) -> Advice { Advice(key: key, hint: "did you mean \"\(key)\"?") }

    private static let underWith = Advice(key: "with", hint: "write it under \"with\": with: { command: [program, argument] }, or with: { shell: \"a line\" }")
    private static let command = [Advice(key: "command", hint: "did you mean \"command\", or \"shell\" for a line?"), underWith]
    private static let folder = [same("cwd"), Advice(key: "with", hint: "write it under \"with\": with: { cwd: /folder }")]
    private static let environment = [same("env"), Advice(key: "jobs", hint: "each job has an \"env\" of its own")]
    private static let schedule = [Advice(key: "on", hint: "write on: { cron: \"0 3 * * *\" } or on: { every: 30m }")]
    private static let restart = [
        Advice(key: "with", hint: "a service is always restarted; its rules are under \"with\": with: { restart: { backoff: 1s..60s } }")
    ]
    private static let health = [
        Advice(key: "ready", hint: "did you mean \"ready\" (has started) or \"live\" (still answers)?"),
        Advice(key: "with", hint: "write it under \"with\": with: { ready: { http: \"http://127.0.0.1:7860/\" } }"),
    ]
    private static let stop = [
        Advice(key: "stop", hint: "write stop: { signal: TERM, grace: 10s }"),
        Advice(key: "with", hint: "write it under \"with\": with: { stop: { signal: TERM, grace: 10s } }"),
    ]
    private static let container = [
        Advice(key: "with", hint: "shipkeeper runs programs, not containers: write the program under with: { command: [program, argument] }"),
        Advice(key: "jobs", hint: "shipkeeper runs programs, not containers"),
    ]
    private static let jobs = [same("jobs")]
    private static let background = [Advice(key: "background", hint: "write background: { nice: 10, io: idle }, or background: true")]

    private static let advice: [String: [Advice]] = [
        "depends_on": [same("needs")], "dependson": [same("needs")], "requires": [same("needs")],
        "after": [Advice(key: "on", hint: "write on: { after: name }")],
        "environment": environment, "envs": environment, "env_vars": environment, "variables": environment,
        "env_file": [Advice(key: "env", hint: "write ${NAME} under \"env\"; docker run --env-file, or the platform's settings, set the variables")],
        "run": command, "cmd": command, "entrypoint": command, "exec": command, "script": command, "command": [underWith], "shell": [underWith],
        "args": [Advice(key: "command", hint: "write program and arguments in one list: command: [program, argument]")],
        "schedule": schedule, "schedules": schedule, "cron": schedule, "every": schedule, "interval": schedule, "when": schedule,
        "trigger": schedule, "triggers": schedule,
        "restart": restart, "restart_policy": restart, "autorestart": restart, "availability": restart,
        "healthcheck": health, "readiness_probe": health, "liveness_probe": health, "readinessprobe": health, "livenessprobe": health,
        "stop_signal": stop, "stop_grace_period": stop, "stopsignal": stop, "shutdown": stop,
        "nice": background, "ionice": background, "low_priority": background, "weight": [same("priority")],
        "working_dir": folder, "workdir": folder, "workingdir": folder, "working_directory": folder, "directory": folder, "dir": folder, "cwd": folder,
        "image": container, "build": container, "ports": container, "volumes": container, "networks": container, "container_name": container,
        "retries": [Advice(key: "retry", hint: "write retry: { attempts: 3 }")],
        "disabled": [Advice(key: "enabled", hint: "write enabled: false")],
        "concurrency": [same("overlap")],
        "tz": [same("timezone")], "time_zone": [same("timezone")],
        "timezone": [Advice(key: "cron", hint: "it belongs one level up, next to \"on\"")],
        "services": jobs, "tasks": jobs, "processes": jobs, "programs": jobs, "job": jobs,
    ]
}
