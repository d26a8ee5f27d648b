import Config
import Foundation
import HTTPClient
import Import
import Jobs
import Settings
import TestSupport
import Testing

/// Nothing is lost in silence: each line of each example is carried over or named.
@Suite("files of other programs, line by line")
struct ImportCoverageTests {
    private struct Example: CustomTestStringConvertible {
        let kind: ImportKind
        let path: String
        /// `crontab/user`, as in the lists.
        var name: String { String(path.dropFirst(ImportCoverageTests.folder.count + 1)) }
        var testDescription: String { name }
        var source: ImportSource { get throws { try ImportSource.load(path) } }
    }

    private static let folder = SourceTree.root + "/Tests/TestSupport/ImportExamples"

    private static let examples: [Example] = ImportKind.allCases.flatMap { kind in
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(kind.rawValue)")) ?? []
        return names.sorted().map { Example(kind: kind, path: "\(folder)/\(kind.rawValue)/\($0)") }
    }

    private func read(_ kind: ImportKind, _ source: ImportSource) -> ImportedConfiguration { kind.read(source, parse: PlainYAML.read) }

    private func problems(_ yaml: String, isOffline: Bool) -> [Problem] {
        let catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })
        let reader = ConfigurationReader(catalog: catalog, environment: [:], isOffline: isOffline)
        do throws(ConfigurationError) { return try reader.read(yaml, file: "c.yaml").warnings } catch { return error.problems }
    }

    @Test("of at least fifty, all pass check --offline as they are written, and all that need no variable pass check; some lose a job, and say which")
    func share() throws {
        var (unchanged, whole) = (0, 0)
        for example in ImportCoverageTests.examples {
            let found = read(example.kind, try example.source)
            #expect(!problems(found.yaml, isOffline: true).hasErrors, "\(example.name)")
            let missing = problems(found.yaml, isOffline: false).filter { $0.severity == .error }
            #expect(missing.allSatisfy { $0.message.hasPrefix("the environment variable ") }, "\(example.name): \(missing)")
            if missing.isEmpty, !found.isEmpty { unchanged += 1 }
            if !found.differences.hasErrors { whole += 1 }
        }
        let count = ImportCoverageTests.examples.count
        #expect(count >= 50 && unchanged >= count * 85 / 100 && whole >= count * 60 / 100, "\(unchanged) pass check and \(whole) are whole, of \(count)")
        for kind in ImportKind.allCases { #expect(ImportCoverageTests.examples.count { $0.kind == kind } >= 8, "\(kind)") }
    }

    @Test("a line that is neither carried over nor named has no meaning here, for a reason that is known")
    func silence() throws {
        var unexplained: [String] = []
        for example in ImportCoverageTests.examples {
            let source = try example.source
            let whole = read(example.kind, source)
            let (yaml, named) = (whole.yaml, whole.differences.map(\.description))
            for (number, file) in source.files.enumerated() {
                var lines = file.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
                for index in lines.indices {
                    let line = lines[index]
                    let text = line.trimmingCharacters(in: .whitespaces)
                    if text.isEmpty || text.hasPrefix("#") || text.hasPrefix(";") || SilentLine.isKnown(text, in: example.kind, file.path) { continue }
                    lines[index] = ""
                    defer { lines[index] = line }
                    var files = source.files
                    files[number] = ImportSource.File(path: file.path, text: lines.joined(separator: "\n"))
                    let without = read(example.kind, ImportSource(path: source.path, files: files))
                    if without.yaml == yaml, without.differences.map(\.description) == named {
                        unexplained.append("\(file.path.dropFirst(ImportCoverageTests.folder.count + 1)):\(index + 1): \(text)")
                    }
                }
            }
        }
        #expect(unexplained.isEmpty, "\(unexplained.joined(separator: "\n"))")
    }
}

/// What a line says that is so here in any case, or that is about the other program itself.
private enum SilentLine {
    static func isKnown(_ text: String, in kind: ImportKind, _ path: String) -> Bool {
        let file = path.split(separator: "/").last.map(String.init) ?? ""
        return switch kind {
        case .procfile: false
        case .crontab: text == "SHELL=/bin/sh"
        // The daemon's own files and sockets; what is so for all services; what a file of output is kept like.
        case .supervisord:
            text.contains(
                #/^(nodaemon|logfile|pidfile|childlogdir|loglevel|chmod|serverurl|port|file|supervisor\.rpcinterface_factory|user=root|autostart=true|stopasgroup=true|killasgroup=true|autorestart=unexpected|exitcodes=0$|command=\/usr\/bin\/killer|redirect_stderr|process_name|priority|socket|events|programs|(stdout|stderr)_logfile_(maxbytes|backups)|stdout_logfile=\/dev\/)/#
            ) || text.contains(#/^\[(supervisorctl|unix_http_server|inet_http_server|rpcinterface:\w+)\]/#)
        // The version of the form, names of containers, what a service is already named for as a whole, and below keys that are named.
        case .compose:
            text.contains(
                #/^(version|name|image|build|ports|restart: unless-stopped|security_opt|read_only|retries|start_period|interval|timeout|driver|options|target|published|source|labels|condition|container_name|<<|-|[a-z.]+routers|net\.core|file|db|back|app|db_password|db_data|volumes|cpus|memory)/#
            )
        // What is about the manager's log and its graph; what is so in any case.
        case .systemd:
            text.contains(
                #/^(Documentation|Description=Back|Description=Run|Group=|OnCalendar=hourly|Type=(simple|exec|oneshot)|NotifyAccess|PIDFile|SyslogIdentifier|WantedBy|Alias|RemainAfterExit|AccuracySec|KillMode=control-group|StandardOutput=(journal|inherit)|After=network|Wants=network|Before|DefaultDependencies|Restart=always|\[Install\]|\[Unit\]|Unit=)/#
            )
        // The text of scripts is not read, but for what they call; `echo` in one of them is its own business.
        case .s6:
            ["run", "finish", "up", "down", "producer-for", "consumer-for"].contains(file) || path.contains("cont-init.d") || path.contains("cont-finish.d")
                || path.contains("/scripts/")
                || file == "data" || file == "x" || file == "readme"
        }
    }
}
