import CStart
import Glibc

/// Process 1, or a child subreaper where another init is above us: a small program in C, `Sources/InitProgram`. It starts the daemon as its child,
/// forwards signals, reaps every orphan, keeps the stop deadline, and keeps what a new daemon needs to take services over.
package enum InitProgram {
    /// Set for the daemon: how often it was started again after a fault.
    package static let restartsVariable = "SHIPKEEPER_RESTARTS"

    /// Set for the daemon: how often it was started again for an upgrade.
    package static let upgradesVariable = "SHIPKEEPER_UPGRADES"

    /// Set for the daemon: when Init began, in whole seconds since 1970.
    package static let startVariable = "SHIPKEEPER_INIT_STARTED"

    /// Set for a daemon that is to continue a stop in which the one before it was killed: how much time is left, in milliseconds.
    package static let stopVariable = "SHIPKEEPER_STOP_LEFT_MS"

    /// What Init sets for the daemon, and is nobody else's affair.
    package static let variables = [restartsVariable, upgradesVariable, startVariable, stopVariable, InitLink.variable]

    /// Takes this process's place with Init. Returns only where that is not possible: why.
    /// - Parameter arguments: The daemon's words, without the program's name.
    package static func begin(_ arguments: [String]) -> String {
        let program = OwnStart.program
        let folder = program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
        var words: [UnsafeMutablePointer<CChar>?] = unsafe (["shipkeeper-init", program] + arguments).map { unsafe strdup($0) }
        unsafe words.append(nil)
        let failure = unsafe cstart_become_init(folder + "/shipkeeper-init", words)
        unsafe words.forEach { unsafe free($0) }
        return unsafe String(cString: strerror(failure))
    }
}
