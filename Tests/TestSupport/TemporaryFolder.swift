import Foundation

/// A folder that is gone when the test is.
///
/// For another user than the one who runs the tests it stays root's, as the root of a container does, and what is in it belongs to that user.
package final class TemporaryFolder: Sendable {
    package let path: String
    package let account: Account

    /// - Parameter isOwn: Whether the folder itself belongs to the user too, below a folder of root's.
    package init(for account: Account = .root, isOwn: Bool = false) {
        self.account = account
        path = NSTemporaryDirectory() + "shipkeeper-test-" + UUID().uuidString.prefix(8)
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        _ = unsafe chmod(path, 0o755)
        if isOwn, account.isOther { give(path) }
    }

    deinit {
        // Folders may have been closed on purpose.
        _ = try? Shell.run("chmod -R u+rwx '\(path)' 2>/dev/null; rm -rf '\(path)'")
    }

    package subscript(_ name: String) -> String { path + "/" + name }

    package func write(_ name: String, _ text: String) throws {
        try FileManager.default.createDirectory(atPath: self[name].parentFolder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: self[name]))
        guard account.isOther else { return }
        // With the folders above it that may be new.
        var path = self[name]
        while path != self.path {
            give(path)
            path = path.parentFolder
        }
    }

    package func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: self[name]).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Runs a line of shell in it; what is new afterwards belongs to the user.
    @discardableResult
    package func run(_ line: String, environment: [String: String] = [:]) throws -> Shell.Result {
        let result = try Shell.run(line, environment: environment, folder: path)
        if account.isOther { _ = try Shell.run("find . -mindepth 1 -user 0 -exec chown -h \(Account.id):\(Account.id) {} +", folder: path) }
        return result
    }

    /// Takes everything of these names away, as a new container does, and leaves folders that the user could not make.
    package func renew(_ names: String...) throws {
        for name in names {
            _ = try Shell.run("rm -rf '\(self[name])'")
            if account.isOther, !name.contains(".") {
                try FileManager.default.createDirectory(atPath: self[name], withIntermediateDirectories: true)
                give(self[name])
            }
        }
    }

    private func give(_ path: String) {
        var status = stat()
        if unsafe lstat(path, &status) == 0, status.st_uid != Account.id { _ = unsafe lchown(path, Account.id, Account.id) }
    }
}
