import CProcess
import Glibc
import JobKit
import Settings

/// Starts a program by `posix_spawn`: the error number says what was in the way, of `exec` too. Blocks until the program has
/// taken our place in the child, some milliseconds at most where no disk stalls.
enum Spawn {
    /// The longest that one argument or variable may be, in bytes.
    static let mostInOne = UnusableCommand.mostInOne
    /// Room for the digits of a process's id and a zero byte.
    private static let mostDigits = 11

    /// - Parameters:
    ///   - inherited: Variables that are not UTF-8, each `NAME=value`, by their name as it is shown.
    ///   - files: The child's descriptors 0, 1, 2 and so on; -1 stands for /dev/null.
    ///   - numbered: Variables that are to have the process's own id.
    /// - Returns: The process's id.
    static func start(
        _ path: String, _ command: ProcessCommand, environment: [String: String], inherited: [String: [UInt8]], files: [CInt], numbered: [String] = []
    ) throws(LaunchError) -> pid_t {
        var variables = environment.filter { !numbered.contains($0.key) }.map { bytes(of: $0, $1, inherited) }
        // The child writes the digits over the room that is left for them.
        variables += numbered.map { Array("\($0)=\(String(repeating: "0", count: mostDigits))".utf8) }
        try check(command, environment)
        let first = variables.count - numbered.count
        var pid: pid_t = 0
        let failure = unsafe withWords(command.arguments.map { Array($0.utf8) }) { arguments in
            unsafe withWords(variables) { variables in
                guard numbered.isEmpty else {
                    var numbers = unsafe numbered.enumerated().map { index, name in unsafe variables[first + index].map { unsafe $0 + name.utf8.count + 1 } }
                    unsafe numbers.append(nil)
                    guard let folder = command.folder else {
                        return unsafe cprocess_spawn_numbered(&pid, path, arguments, variables, numbers, nil, files, CInt(files.count))
                    }
                    return unsafe cprocess_spawn_numbered(&pid, path, arguments, variables, numbers, folder, files, CInt(files.count))
                }
                if let folder = command.folder {
                    return unsafe cprocess_spawn(&pid, path, arguments, variables, folder, files, CInt(files.count))
                } else {
                    return unsafe cprocess_spawn(&pid, path, arguments, variables, nil, files, CInt(files.count))
                }
            }
        }
        guard failure == 0 else { throw LaunchDiagnosis.error(failure, path, command, environment) }
        return pid
    }

    /// One variable as a process gets it.
    private static func bytes(of name: String, _ value: String, _ inherited: [String: [UInt8]]) -> [UInt8] {
        let shown = "\(name)=\(value)"
        guard let bytes = inherited[name], String(decoding: bytes, as: UTF8.self) == shown else { return Array(shown.utf8) }
        return bytes
    }

    private static func withWords<Value>(_ words: [[UInt8]], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value) -> Value {
        var copies: [UnsafeMutablePointer<CChar>?] = unsafe words.map { word in
            unsafe (word + [0]).withUnsafeBufferPointer { bytes in unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe strdup($0.baseAddress!) } }
        }
        unsafe copies.append(nil)
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe copies.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }

    /// What the kernel would cut or refuse without naming it.
    private static func check(_ command: ProcessCommand, _ environment: [String: String]) throws(LaunchError) {
        let program = command.arguments.first ?? ""
        for (index, word) in command.arguments.enumerated() {
            if word.utf8.contains(0) { throw .unusable(program: program, .nul(in: "argument \(index)")) }
            if word.utf8.count > mostInOne { throw .unusable(program: program, .tooLong("argument \(index)", bytes: word.utf8.count)) }
        }
        for (name, value) in environment {
            if name.isEmpty || name.contains("=") || name.utf8.contains(0) { throw .unusable(program: program, .name(name)) }
            if value.utf8.contains(0) { throw .unusable(program: program, .nul(in: "the variable \(name)")) }
            let length = name.utf8.count + 1 + value.utf8.count
            if length > mostInOne { throw .unusable(program: program, .tooLong("the variable \(name)", bytes: length)) }
        }
    }
}
