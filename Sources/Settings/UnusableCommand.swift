/// What the system can't take of a command, whatever its program.
package enum UnusableCommand: Hashable, Sendable, CustomStringConvertible {
    /// A zero byte ends what a program is given: the rest would be lost.
    case nul(in: String)
    /// One word is too long, in bytes.
    case tooLong(String, bytes: Int)
    /// All words and variables together are.
    case tooMuch(bytes: Int)
    /// A variable's name is empty or holds a "=".
    case name(String)

    /// The most bytes of one argument or variable: Linux's MAX_ARG_STRLEN without the zero at its end.
    package static let mostInOne = 131_071

    package var description: String {
        switch self {
        case .nul(let what): "\(what) holds a NUL byte"
        case .tooLong(let what, let bytes): "\(what) is \(bytes) bytes long, and the system takes at most \(UnusableCommand.mostInOne) in one"
        case .tooMuch(let bytes): "its arguments and environment are \(bytes) bytes together, which is more than the system takes"
        case .name(let name): "\"\(name)\" is not the name of a variable"
        }
    }

    /// What to do about it.
    package var hint: String {
        switch self {
        case .nul: "take the NUL byte out"
        case .tooLong, .tooMuch: "put what is so long into a file, and name the file"
        case .name: "a name is not empty and holds no ="
        }
    }
}
