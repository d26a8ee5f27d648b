import Settings

/// Commands of other tools, and what does the same here.
enum CommandSynonyms {
    private static let meant = [
        "ps": "status", "ls": "status", "list": "status", "top": "status", "stats": "status", "jobs": "status", "log": "logs", "tail": "logs -f",
        "history": "runs", "events": "runs", "schedule": "next", "list-timers": "next", "explain": "why", "up": "run", "serve": "run",
        "daemon": "run", "down": "stop JOB", "kill": "stop JOB", "cancel": "stop JOB", "trigger": "start JOB",
        "enable": "resume JOB", "disable": "pause JOB", "validate": "check", "lint": "check", "test": "doctor", "snapshots": "backups",
        "backup": "start backup --wait", "new": "init", "help": "--help",
    ]

    /// What to say where the first word is not a command; nil where it is one, or an option.
    static func advice(for words: [String], among known: [String]) -> String? {
        guard let word = words.first, !word.hasPrefix("-"), !known.contains(word), word != "help" else { return nil }
        let hint = meant[word.lowercased()] ?? NearestWord.find(word, in: known)
        return "there is no command \"\(word)\"; " + (hint.map { "did you mean \"shipkeeper \($0)\"?" } ?? "\"shipkeeper --help\" lists them")
    }
}
