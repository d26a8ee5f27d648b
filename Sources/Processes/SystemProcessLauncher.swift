package import JobKit
import Subprocess
import SystemPackage

/// Starts processes of the operating system, each in a session of its own.
package struct SystemProcessLauncher: ProcessLauncher {
    /// Carried by every process of a job, so that none is lost sight of.
    package static let markVariable = "SHIPKEEPER_MARK"

    private let clock: any WallClock

    package init(clock: any WallClock) { self.clock = clock }

    package func launch(_ command: ProcessCommand) async throws(LaunchError) -> any RunningProcess {
        let program = command.arguments.first ?? ""
        if let folder = command.folder, !ProgramPath.isFolder(folder) { throw .folderMissing(path: folder) }
        let path = try ProgramPath.find(program, folder: command.folder, path: command.environment["PATH"])
        guard let output = OutputPipe(.standardOutput, command.onOutput) else {
            throw .failed(program: program, reason: "too many open files")
        }
        guard let error = OutputPipe(.standardError, command.onOutput) else {
            output.close()
            throw .failed(program: program, reason: "too many open files")
        }
        let started = Gate<Result<Int32, LaunchError>>()
        let ended = Gate<ProcessExit>()
        let configuration = configuration(of: command, path: path)
        Task.detached {
            await SystemProcessLauncher.carry(configuration, output, error, program: program, started: started, ended: ended)
        }
        switch await started.wait() {
        case .success(let id):
            return SystemProcess(id: id, mark: command.mark, pipes: [output, error], ended: ended, clock: clock)
        case .failure(let failure):
            output.close()
            error.close()
            throw failure
        }
    }

    /// Kills every process whose mark begins so: the last resort of a program that must be gone now.
    package static func killAll(markPrefix: String) { ProcessTable.killAll(markPrefix: markPrefix) }

    private func configuration(of command: ProcessCommand, path: String) -> Subprocess.Configuration {
        var environment = command.environment
        environment[SystemProcessLauncher.markVariable] = command.mark
        var options = PlatformOptions()
        options.createSession = true
        return Subprocess.Configuration(
            executable: .path(FilePath(path)),
            arguments: Arguments(executablePathOverride: command.arguments.first, remainingValues: Array(command.arguments.dropFirst())),
            environment: .custom(Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })),
            workingDirectory: command.folder.map { FilePath($0) }, platformOptions: options)
    }

    /// Stays with the process until it has ended. Never cancelled: a process is ended by signals.
    private static func carry(
        _ configuration: Subprocess.Configuration, _ output: OutputPipe, _ error: OutputPipe, program: String,
        started: Gate<Result<Int32, LaunchError>>, ended: Gate<ProcessExit>
    ) async {
        do {
            let result = try await Subprocess.run(
                configuration, input: .none,
                output: .fileDescriptor(FileDescriptor(rawValue: output.writeEnd), closeAfterSpawningProcess: true),
                error: .fileDescriptor(FileDescriptor(rawValue: error.writeEnd), closeAfterSpawningProcess: true)
            ) { execution in
                started.open(.success(execution.processIdentifier.value))
            }
            switch result.terminationStatus {
            case .exited(let code): ended.open(.exited(code))
            case .signaled(let signal): ended.open(.signalled(signal))
            }
        } catch {
            started.open(.failure(.failed(program: program, reason: "\(error)")))
            ended.open(.exited(127))
        }
    }
}
