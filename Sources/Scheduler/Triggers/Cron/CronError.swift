/// Why a text is not a cron expression, or what about one is probably not meant.
package struct CronError: Error, Hashable, Sendable {
    /// What is wrong, with the text as written.
    package var message: String
    /// What to write instead.
    package var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
