package import Config
package import Settings

/// Which variables of a container are secrets, and what is read in the place of their values. Pure.
package struct ExportVariables: Sendable {
    /// Names of those whose values are not shown.
    package private(set) var secrets: Set<String>
    /// Those of them that were given for the container and that the file does not name: nobody says whether they are secrets.
    package private(set) var unnamed: Set<String>
    /// The others that the file names, or that this program knows, with their values.
    package private(set) var shown: [String: String]
    /// Those of `shown` that only this machine says, and that say something of it.
    package private(set) var ofThisMachine: Set<String>
    /// All of them, with their values.
    private let all: [String: String]
    private let used: [UsedVariable]

    /// What every shell sets for its own machine.
    private static let ownOfMachines: Set = ["HOME", "HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER"]
    /// What the program in the container works out by itself.
    private static let foundThere: Set = [
        "SHIPKEEPER_PLATFORM", "SHIPKEEPER_PORT", "SHIPKEEPER_PUBLIC_URL", "SHIPKEEPER_STATE", "SHIPKEEPER_CONFIG", "SHIPKEEPER_PLUGINS",
    ]

    /// - Parameters:
    ///   - configuration: The file, read with the values.
    ///   - used: All that it refers to.
    ///   - machine: The variables of this machine.
    ///   - given: Those that the user gives for the container; they count more.
    package init(_ configuration: Configuration, used: [UsedVariable], machine: [String: String], given: [String: String]) {
        let values = Set(configuration.secretValues)
        let all = machine.merging(given) { _, given in given }
        var named = Set(used.map(\.name))
        // The public address is found by it.
        if named.contains("SHIPKEEPER_PUBLIC_URL") { named.insert("PUBLIC_URL") }
        let known = given.keys.filter { ExportVariables.known.contains($0) || $0.hasPrefix("SHIPKEEPER_") }
        let names = named.union(known).subtracting(configuration.secrets)
        // A variable whose value a key for secrets takes is one, declared or not.
        let hidden = names.filter { name in all[name].map { values.contains($0) } == true || ExportVariables.looksSecret(name) }
        unnamed = Set(given.keys).subtracting(names).subtracting(configuration.secrets)
        let secrets = hidden.union(configuration.secrets).union(unnamed)
        let shown = names.subtracting(secrets).filter { all[$0] != nil && (given[$0] != nil || !ExportVariables.foundThere.contains($0)) }
        self.secrets = secrets
        self.shown = Dictionary(uniqueKeysWithValues: shown.map { ($0, all[$0] ?? "") })
        ofThisMachine = shown.filter { given[$0] == nil && ExportVariables.ownOfMachines.contains($0) }
        (self.all, self.used) = (all, used)
    }

    /// What the file is read with: a mark in the place of each secret, set or not.
    /// - Parameter addresses: Those of which the file wants an address.
    package func masked(addresses: Set<String> = []) -> [String: String] {
        secrets.subtracting(unnamed).reduce(into: all) { $0[$1] = SecretText.mark(for: $1, isAddress: addresses.contains($1)) }
    }

    /// The secrets in values that a reader with marks has found wrong: it may want an address there.
    package func secrets(at places: [SourcePlace]) -> Set<String> {
        secrets.intersection(used.filter { places.contains($0.place) }.map(\.name))
    }

    private static func looksSecret(_ name: String) -> Bool {
        let words = name.uppercased().split(separator: "_").map(String.init)
        return words.contains { secretWords.contains($0) } || ["TOKEN", "SECRET", "PASSWORD"].contains { name.uppercased().contains($0) }
    }

    private static let secretWords: Set = ["AUTH", "CREDENTIAL", "CREDENTIALS", "KEY", "KEYS", "PASS", "PASSPHRASE", "PASSWD", "PWD"]
    /// What this program reads itself, or all programs do, and what is not a secret.
    private static let known: Set = ["HF_ENDPOINT", "HOME", "LANG", "NO_PROXY", "PATH", "PORT", "PUBLIC_URL", "TZ"]
}
