import Backups
package import Config
package import Control
import Files
import Foundation
import HTTPClient
import JobKit
import Jobs
import PluginHost
import Scheduler
import Settings
import Storage

/// Tries what the jobs of a configuration need, without starting one of their programs. Nothing stored is touched.
package struct Doctor {
    private let file: ConfigurationFile
    /// The jobs that are looked at; empty for everything.
    private let jobs: [String]
    private let state: String?
    private let scratch: String

    /// - Parameters:
    ///   - state: The state folder where another one than the configuration's is in use.
    ///   - scratch: A folder for small files, which the caller removes.
    package init(file: ConfigurationFile, jobs: [String] = [], state: String? = nil, scratch: String) {
        self.file = file
        self.jobs = jobs
        self.state = state
        self.scratch = scratch
    }

    /// Everything that was tried, and the configuration where it is valid. Jobs that it does not have are left out.
    package func run() async -> (checks: [DoctorAnswer.Check], configuration: Configuration?) {
        let (begun, configuration) = configurationLines(file)
        guard let configuration else { return (begun, nil) }
        var lines = begun
        let chosen = configuration.jobs.filter { jobs.isEmpty || jobs.contains($0.definition.name) }
        if jobs.isEmpty { lines += await platformLines(configuration, file) + localLines(configuration) }
        lines += await repositoryLines(configuration, of: chosen)
        lines += await jobLines(configuration, chosen, file)
        return (lines, configuration)
    }

    private func configurationLines(_ file: ConfigurationFile) -> (lines: [DoctorAnswer.Check], configuration: Configuration?) {
        let about = "configuration"
        do {
            let configuration = try file.read(ConfigurationFile.catalog(http: CurlClient()))
            let good = DoctorAnswer.Check(about: about, check: "valid", verdict: .ok, message: "\(file.path), \(configuration.jobs.count.counted("job"))")
            let warnings = configuration.warnings.map { DoctorAnswer.Check(about: about, check: "warning", verdict: .warning, message: $0.description) }
            let disabled = configuration.jobs.filter { jobs.isEmpty || jobs.contains($0.definition.name) }.compactMap { job in
                job.definition.disabled.flatMap { reason in
                    reason.hint.map { DoctorAnswer.Check(about: about, check: job.definition.name, verdict: .failed, message: "disabled, \(reason)", hint: $0) }
                }
            }
            return ([good] + warnings + disabled, configuration)
        } catch {
            return (error.problems.map { DoctorAnswer.Check(about: about, check: "mistake", verdict: .failed, message: $0.description) }, nil)
        }
    }

    private func platformLines(_ configuration: Configuration, _ file: ConfigurationFile) async -> [DoctorAnswer.Check] {
        let checks = PlatformChecks(file: file)
        return (await checks.local(configuration) + [checks.visibility(CurlClient())].compactMap(\.self)).map { DoctorAnswer.Check("platform", $0) }
    }

    private func localLines(_ configuration: Configuration) -> [DoctorAnswer.Check] {
        let about = "this machine"
        var lines: [DoctorAnswer.Check] = []
        do {
            let state = try StateFolder.prepare(configured: state ?? configuration.stateFolder)
            let room = DiskRoom(of: state.path, needsWriting: true)
            if !room.isFull { lines.append(DoctorAnswer.Check(about: about, check: "state folder", verdict: .ok, message: "\(state.path) can be written")) }
            lines.append(line("disk of the state folder", state.path, room, about))
        } catch {
            lines.append(DoctorAnswer.Check(about: about, check: "state folder", verdict: .failed, message: error.message))
        }
        var seen = Set<String>()
        for path in RepositoryPlans(configuration: configuration).uses.flatMap({ $0.source.places }) where seen.insert(path).inserted {
            lines.append(folderLine(path, about))
        }
        return lines
    }

    private func line(_ check: String, _ path: String, _ room: DiskRoom, _ about: String) -> DoctorAnswer.Check {
        DoctorAnswer.Check(about: about, check: check, verdict: .init(room.verdict), message: room.words(path), hint: room.hint, free: room.bytes)
    }

    /// A folder to be stored: whether it, or what it will be made in, can be written.
    private func folderLine(_ path: String, _ about: String) -> DoctorAnswer.Check {
        var place = path
        while place != "/", !FileManager.default.fileExists(atPath: place) {
            place = URL(fileURLWithPath: place).deletingLastPathComponent().path
        }
        let isThere = place == path
        guard FileManager.default.isWritableFile(atPath: place) else {
            return DoctorAnswer.Check(
                about: about, check: path, verdict: .failed, message: "\(place) can't be written by this user",
                hint: "give user \(getuid()) the right to, or use a folder below \(ProcessInfo.processInfo.environment["HOME"] ?? "its home")")
        }
        let room = DiskRoom(of: place, needsWriting: false)
        if room.isFull { return line(path, place, room, about) }
        return DoctorAnswer.Check(about: about, check: path, verdict: .ok, message: isThere ? "can be written" : "will be made in \(place)")
    }

    private func jobLines(_ configuration: Configuration, _ chosen: [Configuration.Job], _ file: ConfigurationFile) async -> [DoctorAnswer.Check] {
        let names = Set(chosen.map(\.definition.name))
        let checks = JobChecks(plugins: file.plugins().plugins, environment: ContainerEnvironment.all)
        var lines: [DoctorAnswer.Check] = []
        for job in JobEnvironment(stateFolder: "").jobs(of: configuration) where job.definition.disabled == nil && names.contains(job.definition.name) {
            lines += await checks.checks(of: job).map { DoctorAnswer.Check("job \(job.definition.name)", $0) }
        }
        return lines
    }

    private func repositoryLines(_ configuration: Configuration, of chosen: [Configuration.Job]) async -> [DoctorAnswer.Check] {
        let used = Set(chosen.flatMap(\.definition.exclusive))
        var lines: [DoctorAnswer.Check] = []
        for (name, resource) in configuration.repositories.sorted(by: { $0.key < $1.key }) where jobs.isEmpty || used.contains("repository/\(name)") {
            let about = "repository \(name)"
            guard let repository = resource.value as? Repository else {
                let secrets = resource.missingSecrets.joined(separator: ", ")
                lines.append(
                    DoctorAnswer.Check(
                        about: about, check: "secret", verdict: .failed, message: "\(secrets) is not set", hint: "set it in the container's secrets"))
                continue
            }
            let checks: [StoreCheck]
            do throws(FileError) { checks = await repository.backups.diagnose(scratch: try Folder.make(scratch, mode: 0o700)) } catch {
                checks = [StoreCheck("temporary folder", .failed, "\(error)", hint: "make it writable, or set TMPDIR")]
            }
            lines += checks.map {
                DoctorAnswer.Check(
                    about: about, check: $0.name, verdict: DoctorAnswer.Verdict(rawValue: $0.verdict.rawValue) ?? .failed, message: $0.message, hint: $0.hint)
            }
        }
        return lines
    }
}

extension DoctorAnswer.Check {
    init(_ about: String, _ check: JobCheck) {
        self.init(about: about, check: check.name, verdict: .init(check.verdict), message: check.message, hint: check.hint)
    }
}

extension DoctorAnswer.Verdict {
    init(_ verdict: JobCheck.Verdict) {
        self =
            switch verdict {
            case .ok: .ok
            case .warning: .warning
            case .failed: .failed
            case .skipped: .skipped
            }
    }
}
