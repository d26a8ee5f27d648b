import Foundation
package import JobKit
import Subprocess
import SystemPackage

/// Starts processes of the operating system, each in a session of its own.
package struct SystemProcessLauncher: ProcessLauncher {
    /// Carried by every process of a job, so that none is lost sight of.
    package static let markVariable = "SHIPKEEPER_MARK"

    private let clock: any WallClock
    /// Variables that are no UTF-8, each `NAME=value`, by their name as it is shown.
    private let inherited: [String: [UInt8]]
    /// A folder for pipes with names, which is made where it is missing.
    private let folder: @Sendable () -> String

    /// - Parameters:
    ///   - inherited: Variables that are no UTF-8, each `NAME=value`, by their name as it is shown. A process whose environment has one with
    ///     the value as it is shown gets these bytes.
    ///   - folder: Where pipes that a process opens by name lie as long as it runs.
    package init(clock: any WallClock, inherited: [String: [UInt8]] = [:], folder: @escaping @Sendable () -> String) {
        self.clock = clock
        self.inherited = inherited
        self.folder = folder
    }

    package func launch(_ command: ProcessCommand) async throws(LaunchError) -> any RunningProcess {
        let program = command.arguments.first ?? ""
        if let folder = command.folder, !ProgramPath.isFolder(folder) { throw .folderMissing(path: folder) }
        let path = try ProgramPath.find(program, folder: command.folder, path: command.environment["PATH"])
        let pipes = try Pipes(command, program: program, folder: folder)
        let started = Gate<Result<Int32, LaunchError>>()
        let ended = Gate<ProcessExit>()
        let configuration = configuration(of: command, path: path, messages: pipes.messagePath)
        Task.detached {
            await SystemProcessLauncher.carry(configuration, pipes, program: program, started: started, ended: ended)
        }
        switch await started.wait() {
        case .success(let id):
            return SystemProcess(id: id, mark: command.mark, pipes: pipes.all, ended: ended, clock: clock)
        case .failure(let failure):
            pipes.close()
            throw failure
        }
    }

    /// What connects a process with us.
    private struct Pipes: Sendable {
        let output: OutputPipe
        let error: OutputPipe
        /// What it says besides, and where it finds the pipe for that.
        let messages: OutputPipe?
        let messagePath: String?
        /// What it is told; nil for nothing.
        let input: CInt?

        init(_ command: ProcessCommand, program: String, folder: () -> String) throws(LaunchError) {
            func failed(_ reason: String) -> LaunchError { .failed(program: program, reason: reason) }
            do throws(LaunchShortage) {
                try OutputPump.shared.start()
                output = try OutputPipe(.standardOutput, command.onOutput)
            } catch {
                throw .short(program: program, error)
            }
            do throws(LaunchShortage) { error = try OutputPipe(.standardError, command.onOutput) } catch {
                output.discard()
                throw .short(program: program, error)
            }
            guard let conversation = command.conversation else {
                (messages, messagePath, input) = (nil, nil, nil)
                return
            }
            let place = folder()
            try? FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let path = "\(place)/messages-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
            guard let messages = try? OutputPipe(named: path, conversation.onMessage) else {
                for pipe in [output, error] { pipe.discard() }
                throw failed("a pipe can't be made in \(place)")
            }
            guard let input = OwnedFD.pipe(holding: conversation.request) else {
                for pipe in [output, error, messages] { pipe.discard() }
                try? FileManager.default.removeItem(atPath: path)
                throw failed("what it is told (\(conversation.request.count) bytes) does not fit into a pipe")
            }
            (self.messages, messagePath, self.input) = (messages, path, input)
        }

        var all: [OutputPipe] { [output, error] + [messages].compactMap(\.self) }

        func close() { for pipe in all { pipe.close() } }

        /// The process has opened the pipe for its messages, or never will.
        func finish() {
            messages?.release()
            if let messagePath { try? FileManager.default.removeItem(atPath: messagePath) }
        }
    }

    /// Kills every process whose mark begins so: the last resort of a program that must be gone now.
    package static func killAll(markPrefix: String) { ProcessTable.killAll(markPrefix: markPrefix) }

    /// Opens file descriptor 3 and becomes the program.
    private static let opening = "exec 3>\"$0\" && exec \"$@\""

    private func configuration(of command: ProcessCommand, path: String, messages: String?) -> Subprocess.Configuration {
        var environment = command.environment
        environment[SystemProcessLauncher.markVariable] = command.mark
        var options = PlatformOptions()
        options.createSession = true
        let rest = Array(command.arguments.dropFirst())
        return Subprocess.Configuration(
            executable: .path(FilePath(messages == nil ? path : "/bin/sh")),
            arguments: messages.map { Arguments(["-c", SystemProcessLauncher.opening, $0, path] + rest) }
                ?? Arguments(executablePathOverride: command.arguments.first, remainingValues: rest),
            environment: .custom(environment.map { bytes(of: $0, $1) + [0] }),
            workingDirectory: command.folder.map { FilePath($0) }, platformOptions: options)
    }

    /// One variable as a process gets it; what is read up to a zero ends with one.
    private func bytes(of name: String, _ value: String) -> [UInt8] {
        let shown = "\(name)=\(value)"
        guard let bytes = inherited[name], String(decoding: bytes, as: UTF8.self) == shown else { return Array(shown.utf8) }
        return bytes
    }

    /// Stays with the process until it has ended. Never cancelled: a process is ended by signals.
    private static func carry(
        _ configuration: Subprocess.Configuration, _ pipes: Pipes, program: String, started: Gate<Result<Int32, LaunchError>>, ended: Gate<ProcessExit>
    ) async {
        do {
            let output = FileDescriptorOutput.fileDescriptor(FileDescriptor(rawValue: pipes.output.writeEnd), closeAfterSpawningProcess: true)
            let error = FileDescriptorOutput.fileDescriptor(FileDescriptor(rawValue: pipes.error.writeEnd), closeAfterSpawningProcess: true)
            let status: TerminationStatus
            if let input = pipes.input {
                let told = FileDescriptorInput.fileDescriptor(FileDescriptor(rawValue: input), closeAfterSpawningProcess: true)
                status = try await Subprocess.run(configuration, input: told, output: output, error: error) { execution in
                    started.open(.success(execution.processIdentifier.value))
                }.terminationStatus
            } else {
                status = try await Subprocess.run(configuration, input: .none, output: output, error: error) { execution in
                    started.open(.success(execution.processIdentifier.value))
                }.terminationStatus
            }
            pipes.finish()
            switch status {
            case .exited(let code): ended.open(.exited(code))
            case .signaled(let signal): ended.open(.signalled(signal))
            }
        } catch {
            pipes.finish()
            let isNoProgram = "\(error)".contains("Exec format error")
            started.open(.failure(isNoProgram ? .noProgram(path: program) : .failed(program: program, reason: "\(error)")))
            ended.open(.exited(127))
        }
    }
}
