import ArgumentParser
import Config
import Import
import Settings

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Write a configuration from the files of another program.",
        discussion: """
            The configuration goes to standard output. What will be different from how the other program does it goes to standard error, with its line: a warning for a difference, \
            an error for what is left out. The exit code is 0 where anything could be carried over.

            \(ImportKind.allCases.map { "\($0.rawValue): \($0.about)" }.joined(separator: "\n"))
            """)

    @Argument(help: "The kind of the file: \(ImportKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind: ImportKind

    @Argument(help: "The file; of systemd and s6-overlay also a folder of them.", completion: .file())
    var file: String

    @OptionGroup var json: JSONOption

    private struct Answer: Encodable {
        var configuration: String
    }

    func run() throws {
        let source: ImportSource
        do throws(ImportSource.Unreadable) { source = try ImportSource.load(file) } catch {
            Console.error(error.message)
            throw ExitCode.failure
        }
        let found = kind.read(source, parse: PlainYAML.read)
        var printer = ProblemPrinter()
        printer.print(found.differences.inReadingOrder, file: file, consequence: "what they are about is left out")
        Console.answered(Answer(configuration: found.yaml))
        Console.raw(found.yaml)
        if found.isEmpty { throw ExitCode.failure }
    }
}

extension ImportKind: ExpressibleByArgument {
    /// Which files, for the help.
    fileprivate var about: String {
        switch self {
        case .crontab: "a crontab of a user, or one of the system with accounts in its lines"
        case .supervisord: "supervisord.conf"
        case .procfile: "a Procfile of Heroku or foreman"
        case .compose: "docker-compose.yml, whose services become processes of one container"
        case .systemd: "a service or timer unit, or a folder of them"
        case .s6: "the folder /etc/s6-overlay, or /etc with services.d and cont-init.d"
        }
    }
}
