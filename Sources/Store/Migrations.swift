import GRDB

/// The schema, step by step. A step that was shipped is never edited; a change is a further step.
///
/// The steps that were done are kept as GRDB's own migrator keeps them. Its way to find them out reads the whole schema, and the first service waits for that.
enum Migrations {
    struct Step {
        let name: String
        let sql: String
    }

    /// The names of the steps that a file has seen.
    static func done(_ db: Database) throws -> Set<String> {
        let names = try Row.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE name = 'grdb_migrations'")
        guard !names.isEmpty else { return [] }
        return Set(try Row.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations").map { $0[0] as String })
    }

    /// Does the steps that are left, each in a transaction of its own.
    static func apply(to db: Database, besides done: Set<String>) throws {
        let left = all.filter { !done.contains($0.name) }
        if !left.isEmpty { try db.execute(sql: "CREATE TABLE IF NOT EXISTS grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)") }
        for step in left {
            try db.inTransaction(.immediate) {
                try db.execute(sql: step.sql)
                try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES (?)", arguments: [step.name])
                return .commit
            }
        }
    }

    static let all = [
        Step(
            name: "1: runs, attempts, cursors, services, values, events",
            sql: """
                CREATE TABLE runs (
                    id INTEGER PRIMARY KEY, job TEXT NOT NULL, cause TEXT NOT NULL, cause_detail TEXT,
                    scheduled_at TEXT NOT NULL, missed INTEGER NOT NULL, created_at TEXT NOT NULL, started_at TEXT,
                    state TEXT NOT NULL, attempt INTEGER, since TEXT, retry_at TEXT, end_reason TEXT,
                    outcome TEXT, finished_at TEXT, summary TEXT, error TEXT, hint TEXT, exit_code INTEGER,
                    outputs TEXT NOT NULL DEFAULT '{}');
                CREATE INDEX runs_by_job ON runs (job, id);
                CREATE INDEX runs_unfinished ON runs (id) WHERE state <> 'finished';
                CREATE TABLE attempts (
                    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, number INTEGER NOT NULL,
                    started_at TEXT NOT NULL, ended_at TEXT, result TEXT, exit_code INTEGER,
                    PRIMARY KEY (run, number)) WITHOUT ROWID;
                CREATE TABLE cursors (
                    job TEXT NOT NULL, schedule TEXT NOT NULL, fire_time TEXT NOT NULL,
                    PRIMARY KEY (job, schedule)) WITHOUT ROWID;
                CREATE TABLE services (
                    job TEXT PRIMARY KEY, state TEXT NOT NULL, process INTEGER, launches INTEGER NOT NULL, note TEXT,
                    changed_at TEXT NOT NULL) WITHOUT ROWID;
                CREATE TABLE key_values (
                    owner TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, key)) WITHOUT ROWID;
                CREATE TABLE events (
                    id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, job TEXT, message TEXT NOT NULL);
                """),
        // The job's name is empty for the pause of all jobs.
        Step(
            name: "2: pauses and stopped services",
            sql: """
                CREATE TABLE pauses (job TEXT PRIMARY KEY, since TEXT NOT NULL, until TEXT, via TEXT NOT NULL) WITHOUT ROWID;
                CREATE TABLE stopped_services (job TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
                """),
        Step(name: "3: why somebody asked for a run", sql: "ALTER TABLE runs ADD COLUMN reason TEXT"),
        Step(
            name: "4: a long history is searched by index",
            sql: """
                CREATE INDEX runs_finished ON runs (finished_at);
                CREATE INDEX runs_failures ON runs (id) WHERE \(RunConditions.isFailure);
                CREATE INDEX runs_stored ON runs (job, id) WHERE \(RunConditions.hasStoredBackup);
                """),
        Step(
            name: "5: problems of jobs, and from when on deadlines count",
            sql: """
                CREATE TABLE problems (
                    job TEXT NOT NULL, kind TEXT NOT NULL, since TEXT NOT NULL, run INTEGER, message TEXT NOT NULL,
                    PRIMARY KEY (job, kind)) WITHOUT ROWID;
                CREATE TABLE deadlines (job TEXT PRIMARY KEY, last_start TEXT NOT NULL, last_success TEXT NOT NULL) WITHOUT ROWID;
                """),
        // A request is remembered as long as its run is.
        Step(
            name: "6: requests with a key",
            sql: """
                CREATE TABLE requests (
                    job TEXT NOT NULL, key TEXT NOT NULL, run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
                    PRIMARY KEY (job, key)) WITHOUT ROWID;
                CREATE INDEX requests_by_run ON requests (run);
                """),
    ]
}
