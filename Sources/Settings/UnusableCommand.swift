/// Why the system would refuse a command, whatever its program. See execve(2), "Limits on size of arguments and environment".
package enum UnusableCommand: Hashable, Sendable, CustomStringConvertible {
    /// A NUL byte in the named thing ("this word"): the rest would be lost.
    case nul(in: String)
    /// The named thing is longer than `mostInOne`, in bytes.
    case tooLong(String, bytes: Int)
    /// All words and variables together are longer than the system allows, in bytes.
    case tooMuch(bytes: Int)
    /// A variable's name is empty or holds a "=".
    case name(String)

    /// The most bytes of one argument or variable: Linux's MAX_ARG_STRLEN without the zero at its end.
    package static let mostInOne = 131_071

    /// What is wrong, as a clause without a period; `hint` says what to do.
    package var description: String {
        switch self {
        case .nul(let what): "\(what) holds a NUL byte"
        case .tooLong(let what, let bytes): "\(what) is \(bytes) bytes long, and the system takes at most \(UnusableCommand.mostInOne) in one"
        case .tooMuch(let bytes): "its arguments and environment are \(bytes) bytes together, which is more than the system takes"
        case .name(let name): "\"\(name)\" is not the name of a variable"
        }
    }

    /// What to do about it, as an imperative.
    package var hint: String {
        switch self {
        case .nul: "take the NUL byte out"
        case .tooLong, .tooMuch: "put what is so long into a file, and name the file"
        case .name: "a name is not empty and holds no ="
        }
    }
}
