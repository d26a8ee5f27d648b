import Foundation

/// A folder that is gone when the test is.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() {
        path = NSTemporaryDirectory() + "shipkeeper-test-" + UUID().uuidString.prefix(8)
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // Folders may have been closed on purpose.
        _ = try? Shell.run("chmod -R u+rwx '\(path)' 2>/dev/null; rm -rf '\(path)'")
    }

    package subscript(_ name: String) -> String { path + "/" + name }

    package func write(_ name: String, _ text: String) throws {
        try FileManager.default.createDirectory(
            atPath: (self[name] as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: self[name]))
    }

    package func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: self[name]).map { String(decoding: $0, as: UTF8.self) }
    }
}
