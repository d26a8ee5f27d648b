import Foundation

/// Whom the program under test runs as: root, or a user who owns nothing but what it is given.
package enum Account: String, Sendable, CustomStringConvertible {
    case root
    case plain

    /// The users whom these tests can be: both for root, else only the one who runs them.
    package static let allCases: [Account] = {
        guard getuid() != 0 else { return [.root, .plain] }
        print("The tests don't run as root: what is tried as root and as a plain user is tried as a plain user only.")
        return [.plain]
    }()

    package var description: String { self == .root ? "as root" : "as a plain user" }

    /// Words before a command that make it run as this user.
    package var prefix: [String] { isOther ? ["setpriv", "--reuid=\(Account.id)", "--regid=\(Account.id)", "--clear-groups"] : [] }

    /// The same in a line of shell.
    package var commandPrefix: String { prefix.map { $0 + " " }.joined() }

    /// What such a user has in its environment.
    package var environment: [String: String] { isOther ? ["HOME": "/"] : [:] }

    /// Whether it is another user than the one who runs the tests.
    package var isOther: Bool { self == .plain && getuid() == 0 }

    /// The user and the group of a plain user.
    package static let id: UInt32 = 1000
}

extension Account: CaseIterable {}
