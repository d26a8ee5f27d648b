package import Foundation
package import JobKit

/// A service's process that has outlived the program which had started it.
package struct Survivor: Sendable {
    package var note: SurvivorNote
    /// Where the log of its run ended when what it has written was last known to be in it.
    package var logEnds: [LogStream: LogEnd]
    /// Takes it over, and delivers what it has written since the log of its run ended.
    package var adopt: @Sendable (_ onOutput: @escaping ProcessCommand.Output) throws(LaunchShortage) -> any RunningProcess

    package init(
        note: SurvivorNote, logEnds: [LogStream: LogEnd] = [:],
        adopt: @escaping @Sendable (@escaping ProcessCommand.Output) throws(LaunchShortage) -> any RunningProcess
    ) {
        self.note = note
        self.logEnds = logEnds
        self.adopt = adopt
    }
}

/// What one program passes to the next about a service's process. A newer version reads what an older one has written.
package struct SurvivorNote: Codable, Hashable, Sendable {
    /// The boot in which the service was started. It continues as long as one of its services does.
    package var bootID: String
    package var job: String
    package var run: Int64
    /// Which launch of the run it is, from 1.
    package var launch: Int
    package var startedAt: Date
    /// Of what the process was made from; see `ServiceFingerprint`.
    package var fingerprint: String
    /// Carried by the process.
    package var mark: String
    /// What was at the path of its ready file before it was started.
    package var fileBefore: String?

    package init(bootID: String, job: String, run: Int64, launch: Int, startedAt: Date, fingerprint: String, mark: String, fileBefore: String? = nil) {
        self.bootID = bootID
        self.job = job
        self.run = run
        self.launch = launch
        self.startedAt = startedAt
        self.fingerprint = fingerprint
        self.mark = mark
        self.fileBefore = fileBefore
    }

    package init?(_ bytes: [UInt8]) {
        guard let note = try? JSONDecoder().decode(SurvivorNote.self, from: Data(bytes)) else { return nil }
        self = note
    }

    var bytes: [UInt8] { (try? JSONEncoder().encode(self)).map(Array.init) ?? [] }
}

/// Shows whether a service's process was made from the same settings and environment.
enum ServiceFingerprint {
    /// - Parameter job: Of its environment only a digest is passed on, for secrets are in it.
    static func of(_ job: ScheduledJob) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0xff) &* 0x100_0000_01b3
        }
        add(job.definition.typeName)
        add(job.definition.fingerprint)
        for (name, value) in job.environment.sorted(by: { $0.key < $1.key }) {
            add(name)
            add(value)
        }
        return String(hash, radix: 16)
    }
}
