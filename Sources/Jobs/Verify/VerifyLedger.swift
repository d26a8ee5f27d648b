import Foundation
import JobKit

/// What verify jobs know of a repository, kept in the state file as one JSON value: where the reading of the data has come to, and the last drill.
struct VerifyLedger {
    struct Record: Codable, Equatable {
        /// A repository with another location is another one.
        var location: String
        /// Where the last reading has ended.
        var position: String?
        /// What was found damaged: it is read again each time.
        var damaged: [String] = []
        /// The last drill that passed.
        var drill: VerificationFacts.Drill?
    }

    private static let key = "record"

    private let values: any KeyValues
    private let owner: String
    private let location: String

    init(_ repository: Repository, _ context: RunContext) {
        values = context.values
        owner = "verify/\(repository.name)"
        location = repository.location
    }

    /// What is known; nothing where the repository has another location now, and where the record can't be decoded.
    func load() async throws(JobError) -> Record {
        let nothing = Record(location: location)
        guard let text = try await values.value(VerifyLedger.key, of: owner),
            let record = try? JSONDecoder().decode(Record.self, from: Data(text.utf8)), record.location == location
        else { return nothing }
        return record
    }

    func save(_ record: Record) async throws(JobError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text: String
        do { text = String(decoding: try encoder.encode(record), as: UTF8.self) } catch { throw JobError("the record of the job can't be written: \(error)") }
        try await values.set([VerifyLedger.key: text], of: owner)
    }
}
