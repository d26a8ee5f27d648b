import Foundation
import TestSupport
import Testing

/// A restored tree is the one that was stored, in all that a file system knows of it.
@Suite("exact restores", .waiting)
struct ExactRestoreTests {
    /// For each user what it may set: modes with special bits, times to the nanosecond, links, holes, odd names, attributes and access lists.
    private static let makeTree = """
        mkdir -p sub/deep empty shut given sticky && echo hello > file && : > zero && printf x > "$(printf 'bad\\xff\\xfename')" && printf y > '空 格'
        ln file hard && ln file sub/hard && ln -s sub/deep link && ln -s /nowhere dangling && mkfifo pipe
        truncate -s 40M sub/holes && printf end >> sub/holes && printf begin | dd of=sub/holes conv=notrunc status=none
        echo a > closed && echo b > shut/inside && echo c > program && echo d > sub/deep/setgid && echo e > listed
        chmod 600 file && chmod 2755 sub/deep/setgid && chmod 4755 program && chmod 1777 sticky && chmod 2750 sub
        if [ "$1" = attributes ]; then
          setfattr -n user.note -v note file && setfattr -n user.closed -v c closed && setfattr -n user.dir -v d shut && setfattr -n user.top -v t .
          setfacl -m u:33:rw-,m::rw- listed && setfacl -d -m u:34:rwx given && echo f > given/inherits && setfacl -m u:35:r-x .
          [ "$(id -u)" != 0 ] || setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 sub/holes
          [ "$(id -u)" != 0 ] || setfattr -h -n trusted.link -v l link
        fi
        [ "$(id -u)" != 0 ] || { chown 12:34 program zero && chmod 6711 program && chown -h 56:78 link && chown 1234567:7654321 empty; }
        chmod 400 closed && chmod 500 shut
        touch -d '2001-02-03 04:05:06.123456789' zero file closed program sub/holes shut/inside listed && touch -h -d '2010-01-01 01:01:01.5' link dangling
        touch -d '2005-06-07 08:09:10.111222333' sub/deep empty given sticky sub shut && touch -d '2006-01-01 00:00:00.987654321' .
        """

    private static let list = """
        cd "$1" && find . -path './.shipkeeper*' -prune -o ! -type p -printf '%P|%y|%m|%U|%G|%T@|%l|' \\( -type d -printf '\\n' -o -printf '%s|%n\\n' \\) | LC_ALL=C sort
        find . ! -path './.shipkeeper*' -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        find . -type f -links +1 ! -path './.shipkeeper*' -printf '%i %P\\n' | LC_ALL=C sort | awk '{ print ($1 == last) $2; last = $1 }'
        [ "$(du -k sub/holes | cut -f1)" -lt 1000 ] && echo 'holes are holes'
        if [ "$2" = attributes ]; then
          find . ! -path './.shipkeeper*' -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m - -e hex 2>/dev/null | grep -v '^security.selinux'
        fi
        """

    private static let haveAttributes =
        (try? Shell.run("d=$(mktemp -d) && cd $d && touch f && setfattr -n user.a -v b f && setfacl -m u:33:r f; s=$?; rm -rf $d; exit $s").status) == 0

    private struct World {
        let folder: TemporaryFolder
        let mode = ExactRestoreTests.haveAttributes ? "attributes" : "plain"

        init(_ account: Account) throws {
            folder = TemporaryFolder(for: account)
            try folder.write("make.sh", "set -e\ncd data\n" + ExactRestoreTests.makeTree)
            try folder.write("list.sh", ExactRestoreTests.list)
            try folder.run("mkdir -p repo data && chmod 755 repo data")
            let made = try Shell.run("\(account.commandPrefix)bash make.sh \(mode)", folder: folder.path)
            try #require(made.status == 0, "\(made.errors)")
        }

        func listing(_ name: String = "data") throws -> String {
            let listed = try Shell.run("bash list.sh '\(folder[name])' \(mode)", folder: folder.path)
            #expect(listed.output.contains("holes are holes"), "\(listed)")
            return listed.output
        }

        func start() throws -> RunningProgram {
            try RunningProgram(
                """
                version: 1
                state: \(folder["state"])
                repositories: { main: { type: folder, path: \(folder["repo"]) } }
                jobs:
                  restore: { type: restore, on: boot, with: { repository: main, path: \(folder["data"]) } }
                  backup: { type: backup, needs: restore, with: { repository: main, path: \(folder["data"]) } }
                """, in: folder)
        }
    }

    /// The lines that only one of them has.
    private func differences(_ now: String, _ before: String) -> String {
        let (now, before) = (now.split(separator: "\n"), before.split(separator: "\n"))
        return now.difference(from: before).map { change in
            switch change {
            case .insert(_, let line, _): "+ \(line)"
            case .remove(_, let line, _): "- \(line)"
            }
        }.joined(separator: "\n")
    }

    @Test("a new container has the tree to the last bit, and its next backup finds nothing new", .limited, arguments: Account.allCases)
    func exact(account: Account) throws {
        let world = try World(account)
        let original = try world.listing()
        #expect(original.contains("sticky|d|1777"))
        let first = try world.start()
        #expect(try first.says("restore: succeeded: empty"), "\(first.log)")
        let backup = try first.ask("start backup --wait --follow")
        #expect(backup.status == 0 && backup.output.contains("pipe"), "\(backup)")
        #expect(first.stop() == 0)
        let changedByBackup = try differences(world.listing(), original)
        #expect(changedByBackup == "", "a backup changes nothing")

        _ = try Shell.run("chmod -R u+rwx '\(world.folder["data"])'")
        try world.folder.renew("data", "state")
        _ = try Shell.run("rm -f '\(world.folder["log.txt"])'")
        let second = try world.start()
        #expect(try second.hasDone("restore"), "\(second.log)")
        let changed = try differences(world.listing(), original)
        #expect(changed == "", "\(second.log)")
        #expect(!second.log.contains("could not be set"), "\(second.log)")
        #expect(try second.ask("start backup --wait").status == 0)
        #expect(second.stop() == 0)
        #expect(try Shell.run("ls '\(world.folder["repo"])/.shipkeeper/versions' | wc -l").output == "1\n", "\(second.log)")
    }

    @Test("a change of an attribute, of an access list or of the owner alone is stored", .limited)
    func noticed() throws {
        guard ExactRestoreTests.haveAttributes, Account.allCases.contains(.root) else { return }
        let world = try World(.root)
        let program = try world.start()
        #expect(try program.says("restore: succeeded: empty"), "\(program.log)")
        var versions = 0
        for change in ["true", "setfattr -n user.note -v other file", "setfacl -m u:36:r listed", "setfattr -x user.dir shut", "chown 7 zero"] {
            #expect(try Shell.run(change, folder: world.folder["data"]).status == 0)
            for _ in 0..<2 { #expect(try program.ask("start backup --wait").status == 0, "\(program.log)") }
            versions += 1
            #expect(try Shell.run("ls '\(world.folder["repo"])/.shipkeeper/versions' | wc -l").output == "\(versions)\n", "\(change)")
        }
        let original = try world.listing()
        #expect(program.stop() == 0)
        try world.folder.renew("data", "state")
        let second = try world.start()
        #expect(try second.hasDone("restore"), "\(second.log)")
        let changed = try differences(world.listing(), original)
        #expect(changed == "", "\(second.log)")
        #expect(second.stop() == 0)
    }
}
