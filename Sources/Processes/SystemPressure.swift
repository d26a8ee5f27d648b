import JobKit

/// What the kernel measures of waiting: that of the container where it says so, else that of the machine. See the kernel's psi.rst.
package struct SystemPressure: PressureGauge {
    private static let resources = ["cpu", "io", "memory"]

    private let folders: [(path: String, suffix: String)]

    package init() { self.init(folders: [("/sys/fs/cgroup", ".pressure"), ("/proc/pressure", "")]) }

    /// - Parameter folders: With a file for each resource; the first that is there counts.
    init(folders: [(path: String, suffix: String)]) { self.folders = folders }

    package func percent() -> Double { SystemPressure.resources.compactMap(percent).max() ?? 0 }

    private func percent(of resource: String) -> Double? {
        for folder in folders {
            guard let bytes = OwnedFD.contents(of: "\(folder.path)/\(resource)\(folder.suffix)") else { continue }
            if let share = SystemPressure.share(in: String(decoding: bytes, as: UTF8.self)) { return share }
        }
        return nil
    }

    /// The number of `some avg10=12.34 …`; nil for another text.
    static func share(in text: String) -> Double? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("some ") }),
            let word = line.split(separator: " ").first(where: { $0.hasPrefix("avg10=") })
        else { return nil }
        return Double(word.dropFirst("avg10=".count))
    }
}
