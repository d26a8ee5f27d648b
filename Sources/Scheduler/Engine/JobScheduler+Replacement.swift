import JobKit

extension JobScheduler {
    /// The older run of a service in whose place a run is to step; see `Engine.replaced`.
    func replaced(by run: Int64) -> Int64? { engine?.replaced(by: run) }

    /// The sockets of a run that has ended are closed, but for those that another run of its job has or is to have.
    func releaseSockets(after change: StoreChange) {
        guard case .save(let run) = change, run.state.outcome != nil else { return }
        ports.sockets?.release(run: run.id, of: run.job, isLast: engine?.runs.of(run.job).isEmpty ?? true)
    }
}
