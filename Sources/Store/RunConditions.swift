/// Conditions on rows of `runs` that indexes are made for. SQLite uses such an index only where a query has the same words, so they are never edited: another
/// condition needs another index.
enum RunConditions {
    /// A run that says that something is wrong.
    static let isFailure = "outcome IN ('failed', 'incomplete', 'interrupted', 'timed out')"
    /// A run that stored a whole backup.
    static let hasStoredBackup = """
        outcome = 'succeeded' AND cause <> 'dry run' \
        AND CASE WHEN json_valid(outputs) THEN json_extract(outputs, '$.result.backup.outcome') = 'stored' END
        """
    /// A finished run that says how its job is doing.
    static let isEnd = "state = 'finished' AND outcome <> 'skipped' AND cause <> 'dry run'"
    /// One that did its work.
    static let didWork = "\(isEnd) AND outcome IN ('succeeded', 'incomplete')"
    /// One that came to an end by itself.
    static let isVerdict = "\(isEnd) AND outcome <> 'cancelled'"

    /// Begins a query with a table `jobs` of the names of all jobs that have runs, and NULL at its end: one look into an index for each, however long
    /// the history is.
    static let withJobs = """
        WITH RECURSIVE jobs (name) AS (
            SELECT min(job) FROM runs UNION ALL SELECT (SELECT min(job) FROM runs WHERE job > name) FROM jobs WHERE name IS NOT NULL)
        """
}
