import Testing

@testable import Storage

@Suite("what keeps a place from being empty")
struct PlaceRuleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String { names.joined(separator: " ") }
        var names: [String]
        /// In a bucket, which may serve other things.
        var shared: [String]
        /// In a folder or a dataset.
        var own: [String]

        init(_ names: [String], shared: [String], own: [String]? = nil) { (self.names, self.shared, self.own) = (names, shared, own ?? shared) }
    }

    static let cases = [
        Case([], shared: []),
        // What a fresh place holds.
        Case(
            [
                "lost+found", "lost+found/#123", ".gitattributes", "README.md", "README", "LICENSE", ".DS_Store", "Thumbs.db", ".Trash-1000/x",
                "@eaDir/y", "$RECYCLE.BIN/z", "backups/", ".shipkeeper-doctor-1x",
            ], shared: []),
        // A script's archive, under its name, another one, in a folder, half there.
        Case(["latest_backup.tar.gz"], shared: ["latest_backup.tar.gz"]),
        Case(["latest_backup.sha256"], shared: ["latest_backup.sha256"]),
        Case(["backup/latest_backup.tar.gz"], shared: ["backup/latest_backup.tar.gz"]),
        Case(["Latest_Backup.TAR.GZ"], shared: ["Latest_Backup.TAR.GZ"]),
        Case(["LATEST-BACKUP.tgz.part"], shared: ["LATEST-BACKUP.tgz.part"]),
        Case(["a/2026-11-20.tar.gz.gpg", "a/2026-11-20.tar.zst.001"], shared: ["a/2026-11-20.tar.gz.gpg", "a/2026-11-20.tar.zst.001"]),
        Case(["app.zip", "db.sql.gz", "db.dump", "data.gz", "old.7z"], shared: ["app.zip", "data.gz", "db.dump", "db.sql.gz", "old.7z"]),
        Case(["conflict_abc.tar.gz", "conflict_x"], shared: ["conflict_abc.tar.gz", "conflict_x"]),
        Case(["latest", "backups/2026/data"], shared: ["backups/2026/data", "latest"]),
        Case([".shipkeeper/versions/1/a", ".shipkeeper"], shared: [".shipkeeper", ".shipkeeper/versions/1/a"]),
        Case(["latest_backup.tar.gz.rclonelink"], shared: ["latest_backup.tar.gz.rclonelink"]),
        Case(["objects/1x/latest_backup.tar.gz"], shared: ["objects/1x/latest_backup.tar.gz"]),
        // Repositories of other programs, also in a folder.
        Case(["config", "keys/1", "data/00/1", "snapshots/1"], shared: ["config", "data/00/1", "keys/1", "snapshots/1"]),
        Case(["r/config", "r/data/0/1", "other.bin"], shared: ["r/config", "r/data/0/1"], own: ["other.bin", "r/config", "r/data/0/1"]),
        Case(["kopia.repository.f", "p12"], shared: ["kopia.repository.f", "p12"]),
        Case(["config", "main.go"], shared: [], own: ["config", "main.go"]),
        // A website is none of our business in a bucket, and in a dataset or a folder for backups it is there by mistake.
        Case(
            [
                "index.html", "css/style.css", "js/app.js.gz", "sitemap.xml.gz", "2026/how-to-backup/index.html", "img/backup.png", "latest.json",
                "feed.xml", "fonts/x.woff2",
            ], shared: [],
            own: [
                "2026/how-to-backup/index.html", "css/style.css", "feed.xml", "fonts/x.woff2", "img/backup.png", "index.html", "js/app.js.gz",
                "latest.json", "sitemap.xml.gz",
            ]),
        // A tree that was copied file by file.
        Case([".openclaw/openclaw.json", "memory.sqlite"], shared: [], own: [".openclaw/openclaw.json", "memory.sqlite"]),
        // Names are bytes.
        Case(["backup-caf\u{e9}", "backup-cafe\u{301}"], shared: ["backup-cafe\u{301}", "backup-caf\u{e9}"]),
    ]

    @Test("names decide by what they look like", arguments: cases)
    func names(_ example: Case) {
        func bytes(_ names: [String]) -> [[UInt8]] { names.map { Array($0.utf8) } }
        #expect(bytes(PlaceRule.telling(example.names.shuffled(), in: .shared)) == bytes(example.shared))
        #expect(bytes(PlaceRule.telling(example.names.shuffled(), in: .own)) == bytes(example.own))
    }

    static let mounts = "36 35 98:0 / / rw - ext4 /dev/x rw\n40 36 8:1 / /mnt/my\\040disk rw - ext4 /dev/y rw\n"

    @Test(
        "a disk that the system's table names and that is not there is missed",
        arguments: [
            ("/mnt/backup", "UUID=1 /mnt/backup ext4 defaults 0 2\n", "/mnt/backup"),
            ("/mnt/backup/repo", "# disks\n/dev/sdb1\t/mnt/backup\text4 defaults 0 2\n", "/mnt/backup"),
            ("/mnt/backup2", "UUID=1 /mnt/backup ext4 defaults 0 2\n", nil),
            ("/mnt/my disk/repo", "UUID=1 /mnt/my\\040disk ext4 defaults 0 2\n", nil),
            ("/mnt/backup", "UUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\n#UUID=3 /mnt/backup ext4\n\n", nil),
        ] as [(String, String, String?)])
    func missingMount(path: String, table: String, missed: String?) {
        #expect(MissingMount.expected(at: path, table: table, mounts: PlaceRuleTests.mounts) == missed)
    }
}
