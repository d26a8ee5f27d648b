import Backups
import Foundation
import Testing

@Suite("what a backup lacks")
struct IncompleteFilesTests {
    private func file(_ number: Int) -> IncompleteFile {
        IncompleteFile(path: "app/\(number)", reason: .unreadable, detail: "permission denied", stored: .nothing)
    }

    @Test("a million unreadable files are counted, and the first twenty named")
    func bounded() {
        var files = IncompleteFiles()
        #expect(files.isEmpty)
        for number in 0..<1_000_000 { files.append(file(number)) }
        #expect(files.count == 1_000_000 && files.first.count == 20 && files.first.last == file(19) && !files.isEmpty)
    }

    @Test("each is one sentence: what, why, and what is stored in its place")
    func sentence() {
        #expect("\(file(1))" == "app/1 could not be read (permission denied); it is left out")
        let locked = IncompleteFile(path: "app/a.db", reason: .locked, detail: "for 10 s", stored: .earlierCopy)
        #expect("\(locked)" == "app/a.db was locked (for 10 s); its copy of the last backup is kept")
    }

    @Test("they pass through JSON unchanged")
    func json() throws {
        var files = IncompleteFiles()
        for (reason, stored) in zip(IncompleteFile.Reason.allCases, [IncompleteFile.Stored.nothing, .earlierCopy, .asRead, .nothing, .nothing, .nothing]) {
            files.append(IncompleteFile(path: "p", reason: reason, detail: "d", stored: stored))
        }
        #expect(try JSONDecoder().decode(IncompleteFiles.self, from: JSONEncoder().encode(files)) == files)
    }
}
