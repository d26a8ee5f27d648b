package import JobKit
package import Settings

/// Checks that what is stored in a repository can be brought back, before that is needed.
package struct VerifyJob: JobType {
    package struct Settings: Sendable {
        package var repository: Repository?
        /// The share of the data that a run reads: 0 to 1.
        package var share: Double
        /// The longest time between two restore drills; zero for none.
        package var drill: Duration
    }

    package static let typeName = "verify"
    package static let about = "Checks a repository: its structure, a share of the data each time, and now and then a whole restore"
    package static let usualTimeout: Duration? = .seconds(6 * 3600)

    package let settings: Settings

    package static func settings(from reader: inout SettingsReader) -> Settings {
        Settings(
            repository: reader.resource("repository", "Name of the repository, as declared under \"repositories\"", as: Repository.self),
            share: reader.share("data", "The share of the data that is read each time; all of it in turn", default: 5),
            drill: reader.duration(
                "drill", "How often the newest backup is restored into a temporary folder, compared and removed again; 0s: never",
                default: .seconds(30 * 86_400), in: .zero ... .seconds(3660 * 86_400)))
    }

    package func run(_ context: RunContext) async throws(JobError) -> RunReport {
        guard let repository = settings.repository else { throw JobError("the repository is not configured") }
        return try await VerifyAttempt(settings: settings, repository: repository, records: VerifyLedger(repository, context), context: context).run()
    }
}

extension SettingsReader {
    /// A part of a whole, written as `5%`.
    /// - Parameter fallback: In percent.
    /// - Returns: 0 to 1.
    fileprivate mutating func share(_ key: String, _ about: String, default fallback: Double) -> Double {
        let shape = SettingShape(key, about, .pattern("^[0-9]+(\\.[0-9]+)?%$", form: "percentage"), default: "\(Int(fallback))%")
        let percent = parsed(shape, expected: "a share such as 5%, from 0% to 100%") { text -> Double? in
            guard text.hasSuffix("%"), text.dropLast().allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let value = Double(text.dropLast()), (0...100).contains(value)
            else { return nil }
            return value
        }
        return (percent ?? fallback) / 100
    }
}
