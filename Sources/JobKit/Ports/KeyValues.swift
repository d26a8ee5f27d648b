/// Small values that outlive a run, kept in the state file: a job type's own memory, such as the last digest. Secrets don't belong here.
///
/// ```swift
/// let last = try await context.values.value("digest", of: context.job)
/// try await context.values.set(["digest": digest, "failures": nil], of: context.job)
/// ```
package protocol KeyValues: Sendable {
    /// A value of one owner, such as a job's name or `repository/main`; nil where there is none.
    /// - Throws: Where the state file can't be read.
    func value(_ key: String, of owner: String) async throws(JobError) -> String?
    /// All values of one owner, by key; empty where there are none.
    /// - Throws: Where the state file can't be read.
    func values(of owner: String) async throws(JobError) -> [String: String]
    /// Stores all values in one transaction; nil removes one. Others of the same owner stay.
    /// - Throws: Where the state file can't be written; nothing has changed then.
    func set(_ values: [String: String?], of owner: String) async throws(JobError)
}
