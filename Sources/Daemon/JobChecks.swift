import Files
import Foundation
import HTTPClient
package import JobKit
package import PluginHost
import Processes
package import Scheduler
import Settings

/// Checks that jobs have what they need in this container, without running them. Nothing is asked twice.
package actor JobChecks {
    private let plugins: [PluginManifest]
    private let hasProxy: Bool
    private var hosts: [String: String?] = [:]

    /// - Parameter environment: Of this program: a proxy looks names up instead of the container.
    package init(plugins: [PluginManifest], environment: [String: String]) {
        self.plugins = plugins
        hasProxy = ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"].contains { !(environment[$0] ?? "").isEmpty }
    }

    /// All that a job was tried for: what its type tries, its folder, its programs, the hosts of its addresses.
    package func checks(of job: ScheduledJob) async -> [JobCheck] {
        var checks: [JobCheck] = []
        let (programs, addresses): ([ProgramUse], [AddressUse])
        var environment = job.environment
        switch job.work {
        case .job(let work):
            checks = await work.diagnose(environment: environment)
            (programs, addresses) = (work.programs, work.addresses)
        case .service(let service):
            (programs, addresses) = (service.programs, service.addresses)
            environment.merge(service.environment) { _, own in own }
            if let plugin = plugins.first(where: { $0.name == job.definition.typeName }) {
                let path = environment["PATH"]
                checks = await DedicatedThread.run { _ in plugin.checks(path: path) } ?? []
            }
        }
        // What a job before it makes, such as a restore, may not be there yet.
        let mayCome = !job.definition.needs.isEmpty
        let lookup = ProgramChecks(path: environment["PATH"], mayCome: mayCome)
        checks += await DedicatedThread.run { _ in lookup.checks(programs) } ?? []
        for use in addresses { checks.append(await check(use)) }
        return checks
    }

    // MARK: Addresses

    private func check(_ use: AddressUse) async -> JobCheck {
        guard let parts = URLComponents(string: use.address), let host = parts.host, !host.isEmpty, (1...65_535).contains(parts.port ?? 80) else {
            return JobCheck(use.role, .failed, "\(use.address) is not an address", hint: "write http://HOST:PORT/path, with a port from 1 to 65535")
        }
        // Brackets are part of the address, and not of the host.
        let name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let problem: String?
        if let known = hosts[name] {
            problem = known
        } else {
            problem = await HostName.problem(name)
            hosts[name] = .some(problem)
        }
        guard let problem else { return JobCheck(use.role, .ok, "the host of \(use.address) is known") }
        return JobCheck(
            use.role, hasProxy ? .warning : .failed, "the host \(name) is not known: \(problem)",
            hint: hasProxy ? "a proxy may know it all the same" : "check the spelling, and the container's DNS")
    }
}

/// Checks that programs could be started, without starting them. Reads the disk.
struct ProgramChecks {
    private static let shellWords: Set<String> = [
        "if", "for", "while", "until", "case", "set", "cd", "export", "exec", "test", "true", "false", "echo", "printf", "exit", "trap", "umask", "unset",
        "ulimit", "wait", "read", "kill", "eval", "command", "type", "return", "shift", "local", "readonly", "hash", "times", "break", "continue", "pwd",
        "getopts", "alias", "function",
    ]

    /// The `PATH` of the job's processes.
    let path: String?
    /// Whether a job before this one may make what is missing.
    let mayCome: Bool

    func checks(_ uses: [ProgramUse]) -> [JobCheck] {
        var (checks, folders): ([JobCheck], Set<String>) = ([], [])
        for use in uses {
            if let folder = use.folder, !isFolder(folder) {
                if folders.insert(folder).inserted { checks.append(missing(folder)) }
                continue
            }
            if let check = check(use) { checks.append(check) }
        }
        return checks
    }

    private func isFolder(_ path: String) -> Bool {
        var isFolder = ObjCBool(false)
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private func missing(_ folder: String) -> JobCheck {
        let exists = FileManager.default.fileExists(atPath: folder)
        let message = exists ? "\(folder) is not a folder" : "the folder \(folder) does not exist"
        return JobCheck(
            "cwd", mayCome && !exists ? .warning : .failed, message,
            hint: mayCome && !exists ? "is it made by what the job needs? else create it, or correct \"cwd\"" : "create it, or correct \"cwd\"")
    }

    /// Nil where there is nothing to tell: a line for the shell may do anything.
    private func check(_ use: ProgramUse) -> JobCheck? {
        switch use.line {
        case .command(let words):
            guard let program = words.first, !program.isEmpty else { return nil }
            return check(program, use, isSure: true)
        case .shell(let line):
            let word = String(line.drop { $0 == " " }.prefix { !$0.isWhitespace })
            guard word.wholeMatch(of: /[A-Za-z0-9._\/+-]+/) != nil, !ProgramChecks.shellWords.contains(word), !word.hasPrefix(".") || word.contains("/")
            else { return nil }
            return check(word, use, isSure: false)
        }
    }

    private func check(_ program: String, _ use: ProgramUse, isSure: Bool) -> JobCheck {
        do throws(LaunchError) { return JobCheck(use.role, .ok, try ProgramPath.runnable(program, folder: use.folder, path: path)) } catch {
            let isFile = program.contains("/")
            return JobCheck(use.role, !isSure || !use.isNeeded || isFile && mayCome ? .warning : .failed, error.description, hint: error.hint)
        }
    }
}
