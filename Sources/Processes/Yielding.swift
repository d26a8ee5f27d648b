import CProcess
import JobKit

/// Lets a process that was just started make room for others.
enum Yielding {
    /// The control groups of this container.
    private static let groups = ControlGroups()

    /// The process, and what it may have started since, take their turn behind others. Blocks for a moment.
    static func apply(_ yielding: ProcessCommand.Yielding, to process: Int32) {
        let background = yielding.background
        if background.nice > 0, cprocess_set_nice(process, Int32(background.nice)) != 0 {
            yielding.onRefusal("the system does not let its processes run at nice \(background.nice)")
        }
        if let priority = background.io.number, cprocess_set_disk_priority(process, priority) != 0 {
            yielding.onRefusal("the system knows no priorities at the disk: io: \(background.io.rawValue) has no effect")
        }
        guard let limit = background.memoryHigh else { return }
        do throws(ControlGroups.Refusal) { try groups.admit(process, of: yielding.job, memoryHigh: limit) } catch {
            yielding.onRefusal("memory_high has no effect: \(error)")
        }
    }
}

extension Background.DiskPriority {
    /// As ioprio_set(2) takes it: the class above, the level below; nil for what is usual.
    fileprivate var number: Int32? {
        switch self {
        case .normal: nil
        case .low: 2 << 13 | 7
        case .idle: 3 << 13
        }
    }
}
