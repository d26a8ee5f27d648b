import GRDB

/// The schema, step by step. A step that was shipped is never edited; a change is a further step.
enum Migrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: runs, attempts, cursors, services, values, events") { db in
            try db.execute(
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
                    """)
        }
        migrator.registerMigration("2: pauses and stopped services") { db in
            // The job's name is empty for the pause of all jobs.
            try db.execute(
                sql: """
                    CREATE TABLE pauses (job TEXT PRIMARY KEY, since TEXT NOT NULL, until TEXT, via TEXT NOT NULL) WITHOUT ROWID;
                    CREATE TABLE stopped_services (job TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("3: why somebody asked for a run") { db in try db.execute(sql: "ALTER TABLE runs ADD COLUMN reason TEXT") }
        migrator.registerMigration("4: a long history is searched by index") { db in
            try db.execute(
                sql: """
                    CREATE INDEX runs_finished ON runs (finished_at);
                    CREATE INDEX runs_failures ON runs (id) WHERE \(RunConditions.isFailure);
                    CREATE INDEX runs_stored ON runs (job, id) WHERE \(RunConditions.hasStoredBackup);
                    """)
        }
        return migrator
    }
}
