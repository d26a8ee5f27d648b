import CProcess
import Glibc
package import JobKit

/// Finds the file a program's name stands for, and says plainly why there is none.
package enum ProgramPath {
    /// The file that would be executed. Reads the disk.
    /// - Parameters:
    ///   - folder: Where the program would run.
    ///   - path: The `PATH` of its environment.
    /// - Throws: Why it can't be started, as far as that shows without a try: also where a script's interpreter is missing.
    package static func runnable(_ program: String, folder: String?, path: String?) throws(LaunchError) -> String {
        let found = try find(program, folder: folder, path: path)
        if let interpreter = LaunchDiagnosis.interpreter(of: found), !isExecutable(interpreter) {
            throw .noInterpreter(script: found, interpreter: interpreter)
        }
        return found
    }

    static func find(_ program: String, folder: String?, path: String?) throws(LaunchError) -> String {
        if program.contains("/") {
            let whole = program.hasPrefix("/") ? program : (folder.map { "\($0)/\(program)" } ?? program)
            return try check(whole, named: program)
        }
        let folders = (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map(String.init)
        var forbidden: String?
        for folder in folders {
            let candidate = "\(folder)/\(program)"
            if isExecutable(candidate) { return candidate }
            if exists(candidate), !isFolder(candidate) { forbidden = forbidden ?? candidate }
        }
        if let forbidden { throw .notExecutable(path: forbidden) }
        throw .notFound(program: program, searched: folders.joined(separator: ":"))
    }

    private static func check(_ path: String, named program: String) throws(LaunchError) -> String {
        guard exists(path) else { throw .notFound(program: program, searched: "") }
        guard !isFolder(path) else { throw .isFolder(path: path) }
        guard isExecutable(path) else { throw .notExecutable(path: path) }
        return path
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return unsafe stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    private static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 && !isFolder(path) }
}
