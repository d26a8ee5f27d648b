import Foundation

/// A page or a form of the site. The only way from an address to what is done.
enum Route: Hashable, Sendable {
    enum Change: String, CaseIterable, Sendable {
        case start, stop, restart, pause, resume
        case dryRun = "dry-run"
    }

    case overview, backups, restoring, login, logout
    case job(String)
    case run(Int64)
    case change(Change, job: String)
    /// Of all jobs.
    case pauseAll, resumeAll
    case restore
    /// One of the configuration's commands, by its name.
    case action(String), runAction(String)
    /// Sets the language by a cookie, and shows another page.
    case language
    case health, readiness, metrics, waiting, live, manifest, style, script, icon

    /// Where all of it is.
    static let root = "/-/"

    /// Nil where there is no such address.
    /// - Parameters:
    ///   - path: Below `/-/`, escaped as it came.
    ///   - isPost: Whether a form was sent.
    init?(_ path: Substring, isPost: Bool) {
        guard let parts = Route.parts(path) else { return nil }
        if isPost {
            switch parts {
            case ["login"]: self = .login
            case ["logout"]: self = .logout
            case ["restore"]: self = .restore
            case ["pause"]: self = .pauseAll
            case ["resume"]: self = .resumeAll
            case let parts where parts.count == 3 && parts[0] == "actions" && parts[2] == "run": self = .runAction(parts[1])
            case let parts where parts.count == 3 && parts[0] == "jobs":
                guard let change = Change(rawValue: parts[2]) else { return nil }
                self = .change(change, job: parts[1])
            default: return nil
            }
            return
        }
        switch parts {
        // The form is on each page that needs it: a reader who loads its answer again comes from here.
        case [""], ["login"]: self = .overview
        case ["language"]: self = .language
        case ["backups"]: self = .backups
        case ["restore"]: self = .restoring
        case ["healthz"]: self = .health
        case ["readyz"]: self = .readiness
        case ["metrics"]: self = .metrics
        case ["waiting"]: self = .waiting
        case ["live"]: self = .live
        case ["manifest.webmanifest"]: self = .manifest
        case ["assets", "page.css"]: self = .style
        case ["assets", "page.js"]: self = .script
        case ["assets", "icon.svg"]: self = .icon
        case let parts where parts.count == 2 && parts[0] == "jobs": self = .job(parts[1])
        case let parts where parts.count == 2 && parts[0] == "actions": self = .action(parts[1])
        case let parts where parts.count == 2 && parts[0] == "runs":
            guard let id = Int64(parts[1]), id > 0 else { return nil }
            self = .run(id)
        default: return nil
        }
    }

    /// The address below `/-/`.
    var path: String {
        switch self {
        case .overview: ""
        case .backups: "backups"
        case .restoring, .restore: "restore"
        case .login: "login"
        case .logout: "logout"
        case .job(let name): "jobs/\(FormText.escaped(name))"
        case .run(let id): "runs/\(id)"
        case .change(let change, let job): "jobs/\(FormText.escaped(job))/\(change.rawValue)"
        case .action(let name): "actions/\(FormText.escaped(name))"
        case .runAction(let name): "actions/\(FormText.escaped(name))/run"
        case .pauseAll: "pause"
        case .resumeAll: "resume"
        case .language: "language"
        case .health: "healthz"
        case .readiness: "readyz"
        case .metrics: "metrics"
        case .waiting: "waiting"
        case .live: "live"
        case .manifest: "manifest.webmanifest"
        case .style: "assets/page.css"
        case .script: "assets/page.js"
        case .icon: "assets/icon.svg"
        }
    }

    /// Whether it is a page that someone reads.
    var isPage: Bool {
        switch self {
        case .overview, .backups, .restoring, .job, .run, .action: true
        default: false
        }
    }

    /// The decoded parts of a path; nil where one of them would mean another path to someone else.
    private static func parts(_ path: Substring) -> [String]? {
        var parts: [String] = []
        for piece in path.split(separator: "/", omittingEmptySubsequences: false) {
            guard let part = piece.removingPercentEncoding, part != ".", part != "..", !part.contains("/"),
                !part.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
            else { return nil }
            parts.append(part)
        }
        return parts
    }

    /// From an address of this path back to `/-/`, such as `../`. `./` at `/-/` itself.
    static func way(from path: Substring) -> String {
        let depth = path.count { $0 == "/" }
        return depth == 0 ? "./" : String(repeating: "../", count: depth)
    }
}
