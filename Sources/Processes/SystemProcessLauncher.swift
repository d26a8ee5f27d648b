import Glibc
package import JobKit
import Threads

/// Starts processes of the operating system, each in a session of its own.
package struct SystemProcessLauncher: ProcessLauncher {
    /// Carried by every process of a job that keeps its environment.
    package static let markVariable = "SHIPKEEPER_MARK"

    let clock: any WallClock

    /// Variables that are not UTF-8, each `NAME=value`, by their name as it is shown.
    private let inherited: [String: [UInt8]]
    let store: (any ProcessStore)?

    /// - Parameters:
    ///   - inherited: Variables that are not UTF-8, each `NAME=value`, by their name as it is shown. A process whose environment has one
    ///     with the value as it is shown gets these bytes.
    ///   - store: Keeps processes that are to survive this program; nil where nothing above it does.
    package init(clock: any WallClock, inherited: [String: [UInt8]] = [:], store: (any ProcessStore)? = nil) {
        self.clock = clock
        self.inherited = inherited
        self.store = store
    }

    package func launch(_ command: ProcessCommand) async throws(LaunchError) -> any RunningProcess {
        let program = command.arguments.first ?? ""
        let (clock, inherited, store) = (clock, inherited, store)
        // Looking the program up and starting it may wait for a disk.
        let result = await ThreadWork.result("shipkeeper-run") { () -> Result<SystemProcess, LaunchError> in
            do throws(LaunchError) { return .success(try SystemProcessLauncher.start(command, clock, inherited, store)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let started): return try started.get()
        case .failure: throw .short(program: program, .processes)
        }
    }

    private static func start(
        _ command: ProcessCommand, _ clock: any WallClock, _ inherited: [String: [UInt8]], _ store: (any ProcessStore)?
    ) throws(LaunchError) -> SystemProcess {
        let program = command.arguments.first ?? ""
        if let folder = command.folder, !ProgramPath.isFolder(folder) { throw .folderMissing(path: folder) }
        let path = try ProgramPath.find(program, folder: command.folder, path: command.environment["PATH"])
        let keeper = ChildKeeper.shared
        do throws(LaunchShortage) {
            try keeper.start()
            try OutputPump.shared.start()
        } catch {
            throw .short(program: program, error)
        }
        var command = command
        if store == nil { command.survival = nil }
        let socket = try NotifySocket.make(command)
        let pipes = try Pipes(command, program: program)
        var environment = command.environment
        environment[markVariable] = command.mark
        let numbered = [socket?.add(to: &environment, command), command.sockets?.add(to: &environment)].compactMap(\.self)
        let files = pipes.files + (command.sockets?.descriptors ?? [])
        let ended = Gate<ProcessExit>()
        let memory = command.survival.flatMap { _ in ProcessMemory() }
        let more = memory.map { [$0.raw] + [socket?.raw].compactMap(\.self) } ?? []
        let keeping = command.survival.flatMap { Keeping(store, $0, mark: command.mark, pipes.keepsakes + more) }
        do throws(LaunchError) {
            let (id, family) = try keeper.launch(command, pipes: pipes.names, ended: ended, onCollected: keeping?.collected) { () throws(LaunchError) in
                try Spawn.start(path, command, environment: environment, inherited: inherited, files: files, numbered: numbered)
            }
            if let yielding = command.yielding { Yielding.apply(yielding, to: id) }
            // While our own ends are open, nobody closes what is kept.
            keeping?.begin(id)
            pipes.release()
            return SystemProcess(
                id: id, group: id, family: family, pipes: pipes.all, memory: memory, socket: socket, ended: ended, clock: clock, keeper: keeper,
                keeping: keeping)
        } catch {
            socket?.close()
            pipes.release()
            for pipe in pipes.all { pipe.close() }
            throw error
        }
    }

    /// What connects a process with us.
    private struct Pipes {
        let output: OutputPipe
        let error: OutputPipe
        /// What it says besides, on descriptor 3.
        let messages: OutputPipe?
        /// What it reads; nil for nothing.
        let input: CInt?

        init(_ command: ProcessCommand, program: String) throws(LaunchError) {
            var made: [OutputPipe] = []
            do throws(LaunchShortage) {
                output = try Pipes.output(.standardOutput, command)
                made.append(output)
                error = try Pipes.output(.standardError, command)
                made.append(error)
                if let conversation = command.conversation {
                    let pipe = try OutputPipe(conversation.onMessage)
                    made.append(pipe)
                    messages = pipe
                } else {
                    messages = nil
                }
            } catch {
                for pipe in made { pipe.discard() }
                throw .short(program: program, error)
            }
            guard let request = command.conversation?.request else {
                input = nil
                return
            }
            guard let input = OwnedFD.pipe(holding: request) else {
                for pipe in made { pipe.discard() }
                throw .failed(program: program, reason: "its request (\(request.count) bytes) does not fit into a pipe")
            }
            self.input = input
        }

        private static func output(_ stream: LogStream, _ command: ProcessCommand) throws(LaunchShortage) -> OutputPipe {
            command.survival == nil ? try OutputPipe(stream, command.onOutput) : try OutputPipe(stream, surviving: command.onOutput)
        }

        /// What a successor of this program needs to read on.
        var keepsakes: [CInt] { output.keepsakes + error.keepsakes }
        /// The child's descriptors from 0 on.
        var files: [CInt] { [input ?? -1, output.writeEnd, error.writeEnd] + [messages?.writeEnd].compactMap(\.self) }
        var all: [OutputPipe] { [output, error] + [messages].compactMap(\.self) }
        var names: Set<String> { Set([output.writeEnd, error.writeEnd].compactMap { OwnedFD.target(ofLink: "/proc/self/fd/\($0)") }) }

        /// The process has its own ends now, or there is none.
        func release() {
            for pipe in all { pipe.release() }
            if let input { close(input) }
        }
    }

    /// Kills every process that belongs to what was started: the last resort of a program that must be gone now.
    package static func killAll() { ChildKeeper.shared.killAll() }

    /// Kills every process whose mark begins so, of a program that was killed before. Waits for two seconds at most.
    /// - Parameter spared: Processes that are taken over: they, what descends from them and what carries their marks stays.
    package static func killAll(markPrefix: String, sparing spared: [KeptProcess] = []) async {
        await Marks.killAll(prefix: markPrefix, marks: Set(spared.map(\.mark)), processes: spared.map(\.id))
    }
}

extension ProcessCommand.Sockets {
    /// Gives the variable that is to have the process's own id.
    fileprivate func add(to environment: inout [String: String]) -> String {
        environment["LISTEN_FDS"] = "\(descriptors.count)"
        environment["LISTEN_FDNAMES"] = Array(repeating: name, count: descriptors.count).joined(separator: ":")
        return "LISTEN_PID"
    }
}
