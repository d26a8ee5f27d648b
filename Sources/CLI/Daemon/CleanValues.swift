import JobKit
import Logs

/// Values that outlive a run, without the secrets that whoever stores them may have put in: a plug-in's words go to the state file too.
struct CleanValues: KeyValues {
    let store: any KeyValues
    let redactor: Redactor

    func value(_ key: String, of owner: String) async throws(JobError) -> String? { try await store.value(key, of: owner) }

    func values(of owner: String) async throws(JobError) -> [String: String] { try await store.values(of: owner) }

    func set(_ values: [String: String?], of owner: String) async throws(JobError) {
        let clean = values.map { (redactor.redacted($0.key), $0.value.map(redactor.redacted)) }
        try await store.set(Dictionary(clean) { first, _ in first }, of: owner)
    }
}
