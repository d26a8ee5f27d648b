package import JobKit

/// What the scheduler works with.
package struct SchedulerPorts: Sendable {
    package var store: any RunStore
    package var clock: any WallClock
    package var processes: any ProcessLauncher
    package var values: any KeyValues
    package var logs: any RunLogs
    package var serviceTools: any ServiceTools
    /// Nil where no service listens by way of the program.
    package var sockets: (any ListenSockets)?
    /// Nil where nobody measures.
    package var pressure: (any PressureGauge)?
    /// Where the program keeps its state, for jobs that keep files there.
    package var stateFolder: String

    package init(
        store: any RunStore, clock: any WallClock, processes: any ProcessLauncher, values: any KeyValues,
        logs: any RunLogs, serviceTools: any ServiceTools, sockets: (any ListenSockets)? = nil, pressure: (any PressureGauge)? = nil, stateFolder: String
    ) {
        self.store = store
        self.clock = clock
        self.processes = processes
        self.values = values
        self.logs = logs
        self.serviceTools = serviceTools
        self.sockets = sockets
        self.pressure = pressure
        self.stateFolder = stateFolder
    }
}

/// A configured job: when it runs, what it does, and the environment its processes get.
package struct ScheduledJob: Sendable {
    package var definition: JobDefinition
    package var work: Work
    package var environment: [String: String]

    package init(definition: JobDefinition, work: Work, environment: [String: String]) {
        self.definition = definition
        self.work = work
        self.environment = environment
    }
}
