import ArgumentParser
import Files
import Foundation
import JobKit
import Processes
import Recipes

/// The folder that `init` writes to.
struct InitFolder {
    private let path: String
    /// As it was named.
    private let name: String

    init(_ name: String) throws {
        self.name = name
        path = URL(fileURLWithPath: name).path
    }

    /// Nil where the file does not exist or is not text.
    func text(_ file: String) -> String? { FileManager.default.contents(atPath: "\(path)/\(file)").flatMap { String(data: $0, encoding: .utf8) } }

    /// What an earlier `init` has left in the configuration.
    var mark: RecipeMark? { text("shipkeeper.yaml").flatMap { RecipeMark(in: $0) } }

    var detection: Detection { Detection(Dictionary(uniqueKeysWithValues: Detection.files.compactMap { file in text(file).map { (file, $0) } })) }

    /// Writes what is not there yet as it is to be.
    /// - Parameters:
    ///   - overwrites: Whether files may be replaced.
    ///   - asks: Whether to ask for leave to replace them, instead of refusing.
    /// - Returns: The paths that were written.
    func write(_ files: [RecipeFile], overwrites: Bool, asks: Bool) throws -> [String] {
        do throws(FileError) {
            let folder = try Folder.make(path)
            let changed = files.filter { text($0.path) != $0.text(over: text($0.path)) }
            let present = changed.filter { folder.exists(RawName($0.path)) && ($0.kind == .whole || text($0.path) == nil) }.map(\.path)
            if !overwrites, !present.isEmpty, !(asks && Terminal.ask("\(listed(present)) already \(verb(present)) in \(name). Overwrite? [y/N] ")) {
                Console.error(
                    "\(listed(present)) already \(verb(present)) in \(name); nothing was written",
                    hint: "--diff shows what would change, --force overwrites, --to names another folder")
                throw FileError("write over", name, code: EEXIST)
            }
            for file in changed {
                try folder.replace(RawName(file.path), with: Array(file.text(over: text(file.path)).utf8), mode: mode(of: file))
            }
            return changed.map(\.path)
        } catch {
            if error.code != EEXIST { Console.error("the files can't be written: \(error)") }
            throw ExitCode.failure
        }
    }

    private func verb(_ names: [String]) -> String { names.count == 1 ? "exists" : "exist" }

    private func listed(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }

    /// A file with lines of the user's own keeps its mode: it may hold secrets.
    private func mode(of file: RecipeFile) -> mode_t {
        let present = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(file.path)")[.posixPermissions] as? NSNumber
        return file.kind == .lines ? present.map { mode_t($0.uint16Value & 0o777) } ?? 0o644 : 0o644
    }
}
