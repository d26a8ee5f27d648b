import ArgumentParser
import Foundation
import Init

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.", discussion: "With --json also the commit, the compiler, and the libraries in the program.")

    @OptionGroup var json: JSONOption

    /// What the program was made from. A build for development knows its version alone.
    private struct Answer: Encodable {
        var version: String
        /// Nil where the build did not know it.
        var commit: String?
        /// Whether files differed from those of the commit.
        var isModified: Bool?
        /// Of the compiler.
        var swift: String?
        var libraries: [Build.Library]?
    }

    /// As `Tools/libraries` writes it into the program.
    private struct Build: Decodable {
        struct Library: Codable {
            var name: String
            var version: String
            var revision: String
            var location: String
            var licence: String
        }

        var commit: String?
        var isModified: Bool
        var swift: String?
        var libraries: [Library]
    }

    func run() {
        let build = OwnStart.section(".shipkeeper_build").flatMap { try? JSONDecoder().decode(Build.self, from: Data($0)) }
        Console.answered(
            Answer(
                version: programVersion, commit: build?.commit, isModified: build?.isModified, swift: build?.swift, libraries: build?.libraries))
        Console.out("shipkeeper \(programVersion)")
    }
}
