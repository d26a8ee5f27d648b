package import Settings

/// A program that a job starts, so that `doctor` can check that it exists.
package struct ProgramUse: Hashable, Sendable {
    /// What it is for, in a word or two: `program`, `ready check`.
    package var role: String
    package var line: ProgramLine
    /// Where it runs; nil for a folder of the run's own.
    package var folder: String?
    /// Whether the job fails without it.
    package var isNeeded: Bool

    package init(_ role: String, _ line: ProgramLine, folder: String? = nil, isNeeded: Bool = true) {
        self.role = role
        self.line = line
        self.folder = folder
        self.isNeeded = isNeeded
    }
}

/// An address that a job requests, so that `doctor` can check that its host name is known.
package struct AddressUse: Hashable, Sendable {
    /// What it is for, in a word or two: `url`, `ready check`.
    package var role: String
    /// `http://…`, `https://…` or `tcp://host:port`.
    package var address: String

    package init(_ role: String, _ address: String) {
        self.role = role
        self.address = address
    }
}

extension ServiceDefinition {
    /// The programs that are started for this service: its own, those of its checks, and repairs.
    package var programs: [ProgramUse] {
        let checks = probes.compactMap { role, probe -> ProgramUse? in
            if case .exec(let words) = probe, !words.isEmpty { ProgramUse(role, .command(words), isNeeded: false) } else { nil }
        }
        var reloads: [ProgramUse] = []
        if case .command(let words) = reload, !words.isEmpty { reloads = [ProgramUse("reload", .command(words), isNeeded: false)] }
        return [ProgramUse("program", program, folder: folder)] + checks + reloads
            + exitRules.sorted { $0.key < $1.key }.flatMap { code, rule in rule.repairs.map { ProgramUse("repair after \(code)", $0, folder: folder) } }
    }

    /// The addresses that its checks request.
    package var addresses: [AddressUse] {
        probes.flatMap { role, probe -> [AddressUse] in
            switch probe {
            case .http(let addresses): addresses.prefix(1).map { AddressUse(role, $0) }
            case .tcp(let host, let port): [AddressUse(role, "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)")]
            case .exec: []
            }
        }
    }

    private var probes: [(String, Probe)] { [ready?.probe.map { ("ready check", $0) }, live.map { ("live check", $0.probe) }].compactMap(\.self) }
}

extension ServiceDefinition.ExitRule {
    fileprivate var repairs: [ProgramLine] {
        if case .repair(let program, _, let then) = self { [program] + then.repairs } else { [] }
    }
}
