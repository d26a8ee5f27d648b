import Glibc
import JobKit
import Settings

/// Says why a program could not be started, by the system's error number and what is at its path.
enum LaunchDiagnosis {
    private static let mostOfFirstLine = 256

    static func error(_ code: CInt, _ path: String, _ command: ProcessCommand, _ environment: [String: String]) -> LaunchError {
        let program = command.arguments.first ?? path
        switch code {
        case EAGAIN: return .short(program: program, .processes)
        case ENOMEM: return .short(program: program, .memory)
        case EMFILE, ENFILE: return .short(program: program, .descriptors)
        case ENOEXEC: return .noProgram(path: path)
        case E2BIG:
            let bytes = command.arguments.reduce(0) { $0 + $1.utf8.count } + environment.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
            return .unusable(program: program, .tooMuch(bytes: bytes))
        case ENOENT, ENOTDIR, EACCES:
            if let folder = command.folder, !ProgramPath.isFolder(folder) { return .folderMissing(path: folder) }
            guard ProgramPath.exists(path) else { return .notFound(program: program, searched: "") }
            if let interpreter = interpreter(of: path) { return .noInterpreter(script: path, interpreter: interpreter) }
            return code == EACCES ? .notExecutable(path: path) : .noLoader(path: path)
        default: return .failed(program: program, reason: unsafe String(cString: strerror(code)))
        }
    }

    /// What the first line of a script names after "#!", with the blank or carriage return that it may end with.
    static func interpreter(of path: String) -> String? {
        guard let start = OwnedFD.contents(of: path, most: mostOfFirstLine), start.starts(with: [35, 33]) else { return nil }
        let line = start.dropFirst(2).prefix { $0 != 10 }.drop { $0 == 32 || $0 == 9 }
        return String(decoding: line.prefix { $0 != 32 && $0 != 9 }, as: UTF8.self)
    }
}
