import Foundation
import TestSupport
import Testing

/// Many containers on one repository, as pods that a cluster starts at will: each restores, adds to what it has got, and stores it. `Benchmarks/pods/run` does it with twenty.
@Suite("many pods on one repository", .waiting, .serialized)
struct ManyPodsTests {
    @Test(
        "pods that start at once: each has one writer before it, and nothing of any is lost", .tags(.slow), .limited,
        arguments: [("archive", 6), ("restic", 3)])
    func pods(format: String, count: Int) throws {
        let result = try Shell.run("'\(SourceTree.root)/Benchmarks/pods/run' --program '\(SourceTree.program)' --pods \(count) --format \(format)")
        #expect(result.status == 0 && result.output.contains("\(count) pods, \(format):"), "\(result)")
    }
}
