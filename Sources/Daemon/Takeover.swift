import Init
import JobKit
import Processes
import Scheduler

/// The services of a program that has died, as Init has kept them for this one.
struct Takeover: Sendable {
    private struct Kept: Sendable {
        let process: KeptProcess
        let note: SurvivorNote
    }

    private let kept: [Kept]
    /// Sockets of services.
    let sockets: [KeptSocket]

    /// Reads what Init has kept. Blocks for a moment.
    init(_ link: InitLink?) {
        var sockets: [KeptSocket] = []
        kept = (link?.entries() ?? []).compactMap { entry in
            guard let note = SurvivorNote(entry.note) else {
                if let note = SocketNote(entry.note), entry.descriptors.count == 1 {
                    sockets.append(KeptSocket(name: entry.name, note: note, descriptor: entry.descriptors[0]))
                } else {
                    link?.discard(entry)
                }
                return nil
            }
            let process = KeptProcess(
                name: entry.name, id: entry.process, startedAt: entry.startedAt, mark: note.mark, descriptors: entry.descriptors, status: entry.status)
            return Kept(process: process, note: note)
        }
        self.sockets = sockets
    }

    /// The boot that continues; nil where nothing was kept.
    var bootID: String? { kept.first?.note.bootID }

    var processes: [KeptProcess] { kept.map(\.process) }

    func survivors(_ launcher: SystemProcessLauncher) -> [Survivor] {
        kept.map { kept in
            Survivor(note: kept.note, logEnds: SystemProcessLauncher.logEnds(of: kept.process)) { onOutput throws(LaunchShortage) in
                try launcher.adopt(kept.process, onOutput: onOutput)
            }
        }
    }
}

extension InitLink: ProcessStore {}
