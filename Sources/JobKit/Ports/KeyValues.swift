/// Small values that outlive a run: a job type's own memory, such as the last digest.
package protocol KeyValues: Sendable {
    /// Values of one owner, such as a job's name or `repository/main`.
    func value(_ key: String, of owner: String) async throws(JobError) -> String?
    /// All values of one owner, by key.
    func values(of owner: String) async throws(JobError) -> [String: String]
    /// Stores all values together, or none; nil removes.
    func set(_ values: [String: String?], of owner: String) async throws(JobError)
}
