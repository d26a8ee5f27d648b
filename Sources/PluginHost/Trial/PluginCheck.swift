/// One thing that a plug-in was tried for, and how it went.
package struct PluginCheck: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable {
        case ok, failed, skipped
    }

    /// What was tried, in a few words.
    package var name: String
    package var verdict: Verdict
    package var message: String

    package init(_ name: String, _ verdict: Verdict, _ message: String) {
        self.name = name
        self.verdict = verdict
        self.message = message
    }
}
