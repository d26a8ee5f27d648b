import Archive
import Files
import Foundation
import TestSupport
import Testing

@Suite("extended attributes", .waiting)
struct AttributeTests {
    /// Whether the file system of the tests keeps them at all, for this user.
    private static let areKept =
        (try? Shell.run("d=$(mktemp -d) && cd $d && touch f && setfattr -n user.a -v b f && setfacl -m u:33:r f; s=$?; rm -rf $d; exit $s").status) == 0

    /// Files, folders and a link with attributes of all kinds; those that only root may set are left out for others.
    private static let makeTree = """
        mkdir -p app/dir app/given && cd app && echo text > plain && echo x > odd && echo y > closed && echo z > both && cp /bin/true program && ln -s plain link
        truncate -s 2M holes && printf end >> holes && printf x > empty && printf x > large && ln both hard
        setfattr -n user.note -v 'a note' plain && setfattr -n user.empty odd && setfattr -n 'user.a=b%3Dc%25' -v '=' odd && setfattr -n user.bytes -v 0x00ff0a00 odd
        setfattr -n "$(printf 'user.bad\\xff')" -v x odd && setfattr -n user.holes -v h holes && setfattr -n user.dir -v d dir && setfattr -n user.two -v 2 both
        setfattr -n user.large -v "0x$(printf '41%.0s' $(seq 1 3000))" large
        setfattr -n user.closed -v c closed
        setfacl -m u:33:rwx,g:44:r plain && setfacl -m u:33:r-x,d:u:33:rwx,d:g::r-x dir && setfacl -d -m u:34:r given && echo inherits > given/file
        if [ "$(id -u)" = 0 ]; then
          setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 program && chown 33:44 program && chmod 750 program
          setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 program
          setfattr -n trusted.root -v t plain && setfattr -h -n trusted.link -v l link
          chmod 400 closed && chown 12:34 both && chmod 6755 both && chown 33 dir && chmod 3775 dir
        else
          chmod 1755 given
        fi
        touch -d '2020-01-02 03:04:05.678901234' plain odd closed both program holes large dir given/file given . && touch -h -d '2010-01-01' link
        """

    /// All that a tree has, with the attributes of each.
    private static let list = """
        cd "$1" && find app -printf '%p|%y|%m|%U|%G|%T@|%n|%l\\n' | sort
        find app -type f -print0 | sort -z | xargs -0 sha256sum
        find app -print0 | sort -z | xargs -0 getfattr -h -d -m - -e hex 2>/dev/null | grep -v '^security.selinux'
        find app ! -type l -print0 | sort -z | xargs -0 getfacl -n -p 2>/dev/null
        """

    private func run(_ account: Account, _ line: String, in folder: TemporaryFolder) throws -> Shell.Result {
        try folder.write("script.sh", "set -e\n" + line)
        return try Shell.run("\(account.commandPrefix)bash script.sh", folder: folder.path)
    }

    private func listing(_ folder: TemporaryFolder, _ name: String) throws -> String {
        try folder.write("list.sh", AttributeTests.list)
        return try Shell.run("bash list.sh '\(folder[name])'", folder: folder.path).output
    }

    private func world(_ account: Account) throws -> TemporaryFolder {
        let folder = TemporaryFolder(for: account, isOwn: true)
        let made = try run(account, AttributeTests.makeTree, in: folder)
        try #require(made.status == 0, "\(made.errors)")
        return folder
    }

    /// Packs `app` as the backup does, and gives the archive.
    private func packed(_ folder: TemporaryFolder) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = TarWriter(sink)
        var seen: [UInt64: RawName] = [:]
        func add(_ name: RawName, in parent: Folder, _ path: RawName) throws {
            let status = try parent.status(name)
            var entry = TreeEntry(
                path: path, kind: .file, mode: status.mode, owner: UInt64(status.owner), group: UInt64(status.group), modified: status.modified,
                attributes: try parent.attributes(of: name))
            switch status.kind {
            case .folder:
                entry.kind = .folder
                try writer.begin(entry)
                let folder = try parent.folder(name)
                #expect(try folder.attributes() == entry.attributes)
                for child in try folder.names() { try add(child, in: folder, RawName(path.bytes + [47] + child.bytes)) }
            case .symbolicLink:
                entry.kind = .symbolicLink(to: try parent.target(ofLink: name))
                try writer.begin(entry)
            default:
                let file = try parent.file(name)
                #expect(try file.attributes() == entry.attributes)
                if let first = seen[status.inode] {
                    entry.kind = .hardLink(to: first)
                    entry.attributes = []
                    return try writer.begin(entry)
                }
                seen[status.inode] = path
                entry.size = status.size
                let ranges = try file.dataRanges(size: status.size, most: 100)
                if ranges == [0..<status.size] { try writer.begin(entry) } else { try writer.begin(entry, data: ranges) }
                for range in ranges {
                    var offset = range.lowerBound
                    while offset < range.upperBound {
                        let bytes = try file.read(Int(range.upperBound - offset), at: offset)
                        try writer.write(bytes)
                        offset += Int64(bytes.count)
                    }
                }
            }
        }
        try add("app", in: Folder.open(folder.path), "app")
        try writer.finish()
        return sink.bytes
    }

    @Test("what a tree has comes back as it was, by ourselves and by GNU tar, both ways", .enabled(if: areKept), arguments: Account.allCases)
    func roundTrip(account: Account) throws {
        let folder = try world(account)
        let original = try listing(folder, "")
        let common = ["note", "empty", "a\\075b%3Dc%25=0x3d", "bytes=0x00ff0a00", "closed"].map { "user." + $0 } + ["posix_acl_access", "posix_acl_default"]
        let ofRoot = account == .root ? ["security.capability", "trusted.root", "trusted.link"] : []
        for name in common + ofRoot { #expect(original.contains(name), "\(name) is not there") }
        let bytes = try packed(folder)
        try Data(bytes).write(to: URL(fileURLWithPath: folder["ours.tar"]))
        _ = try run(account, "mkdir a b c; chmod 755 a b c", in: folder)

        // Ours, read by ourselves, also below a folder that gives its own list to what is made in it.
        let given = try run(account, "setfacl -d -m u:99:rwx a", in: folder)
        #expect(given.status == 0)
        let report = try unpack(MemorySource(bytes), folder["a"], account)
        if account == .root {
            #expect(report?.skipped == [])
            #expect(try listing(folder, "a") == original)
        }

        // Ours, read by GNU tar.
        let theirs = try run(account, "tar --xattrs --xattrs-include='*' -C b -xpf ours.tar", in: folder)
        #expect(theirs.status == 0, "\(theirs.errors)")
        #expect(try listing(folder, "b") == original)

        // GNU tar's, read by ourselves.
        let made = try run(account, "tar --format=posix --xattrs --acls -S -cf theirs.tar app", in: folder)
        #expect(made.status == 0, "\(made.errors)")
        _ = try unpack(MemorySource([UInt8](#require(FileManager.default.contents(atPath: folder["theirs.tar"])))), folder["c"], account)
        if account == .root { #expect(try listing(folder, "c") == original) }
    }

    /// As root only: a test has one user.
    private func unpack(_ source: MemorySource, _ path: String, _ account: Account) throws -> ExtractionReport? {
        guard account == .root else { return nil }
        return try TreeExtractor(into: Folder.open(path)).extract(TarReader(source))
    }

    @Test("what bsdtar writes is read, but for access lists as text, which are noted", .enabled(if: areKept))
    func bsdtar() throws {
        let folder = try world(.root)
        let made = try Shell.run("bsdtar --format pax -cf theirs.tar app && mkdir out", folder: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        let reader = TarReader(MemorySource([UInt8](try #require(FileManager.default.contents(atPath: folder["theirs.tar"])))))
        let report = try TreeExtractor(into: Folder.open(folder["out"])).extract(reader)
        let note = try Shell.run("getfattr --only-values -n user.note out/app/plain; getfattr -e hex -n user.bytes out/app/odd", folder: folder.path)
        #expect(note.output.contains("a note") && note.output.contains("0x00ff0a00"))
        #expect(report.skipped.contains { $0.hasPrefix("app/plain: its access list, which is stored as text") }, "\(report.skipped)")
    }

    @Test("a tree without attributes is the same bytes as ever")
    func plain() throws {
        let sinks = [MemorySink(), MemorySink()]
        for (sink, attributes) in zip(sinks, [[], [ExtendedAttribute(name: "user.a", value: [1])]]) {
            let writer = TarWriter(sink)
            try writer.begin(TreeEntry(path: "f", kind: .file, mode: 0o644, modified: FileTime(seconds: 5), attributes: attributes))
            try writer.finish()
        }
        #expect(sinks[0].bytes.count == 1536 && sinks[1].bytes.count == 2560)
        #expect(Array(sinks[1].bytes[1024...]) == sinks[0].bytes)
    }

    private func archive(_ records: [(String, [UInt8])]) -> [UInt8] {
        let body = records.flatMap { key, value in
            let rest = Array(" \(key)=".utf8) + value + [10]
            var length = rest.count + 1
            while "\(length)".utf8.count + rest.count != length { length = "\(length)".utf8.count + rest.count }
            return Array("\(length)".utf8) + rest
        }
        func header(_ name: String, _ type: Character, _ size: Int) -> [UInt8] {
            var block = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, _ at: Int) { for (index, byte) in text.utf8.enumerated() { block[at + index] = byte } }
            put(name, 0)
            put("0000644", 100)
            put(String(format: "%011o", size), 124)
            put(String(type), 156)
            put("ustar\0" + "00", 257)
            put("        ", 148)
            put(String(format: "%06o", block.reduce(0) { $0 + Int($1) }) + "\0", 148)
            return block
        }
        let padding = [UInt8](repeating: 0, count: (512 - body.count % 512) % 512)
        return header("x", "x", body.count) + body + padding + header("f", "0", 0) + [UInt8](repeating: 0, count: 1024)
    }

    @Test("attributes that no file can have are left out with a line, and never more than is kept of them")
    func bounds() throws {
        let many = (0..<40).map { ("SCHILY.xattr.user.\($0)", [UInt8](repeating: 65, count: 65_536)) }
        let long = String(repeating: "n", count: 300)
        for records in [many, [("SCHILY.xattr.user.a", [UInt8](repeating: 65, count: 65_537))], [("SCHILY.xattr.\(long)", [1])], [("SCHILY.xattr.", [1])]] {
            let reader = TarReader(MemorySource(archive(records)))
            let entry = try #require(try reader.next())
            #expect(entry.attributes.reduce(0) { $0 + $1.value.count } <= ExtractionLimits.attributeBytes)
            #expect(entry.attributes.count < records.count && reader.passedOver.count == 1)
        }
    }

    @Test("names of this host's labels and of nothing are never set, whatever an archive says", .enabled(if: areKept))
    func foreign() throws {
        let folder = TemporaryFolder()
        let names = ["security.selinux", "security.evm", "system.nothing", "user.", "nothing", "user.good"]
        let reader = TarReader(MemorySource(archive(names.map { ("SCHILY.xattr.\($0)", Array("v".utf8)) })))
        let report = try TreeExtractor(into: Folder.open(folder.path)).extract(reader)
        #expect(try Shell.run("getfattr -d -m - f", folder: folder.path).output.contains("user.good"))
        #expect(report.files == 1 && report.skipped.count == 1 && report.skipped[0].contains("extended attributes that could not be set"))
    }

    @Test("capabilities and setuid come back only with the owner they were stored with", .enabled(if: areKept && Account.allCases.contains(.root)))
    func rights() throws {
        let folder = try world(.root)
        let bytes = try packed(folder)
        _ = try Shell.run("mkdir out", folder: folder.path)
        let report = try TreeExtractor(into: Folder.open(folder["out"]), owner: .running).extract(TarReader(MemorySource(bytes)))
        let found = try Shell.run("stat -c '%a %u %g' out/app/both out/app/program; getfattr -d -m - out/app/program out/app/plain", folder: folder.path).output
        #expect(found.hasPrefix("755 0 0\n750 0 0\n"), "\(found)")
        #expect(!found.contains("capability") && !found.contains("trusted") && found.contains("user.note"))
        #expect(report.skipped.contains { $0.contains("setuid") } && report.skipped.contains { $0.contains("extended attributes") })
    }
}
