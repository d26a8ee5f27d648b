import JobKit

extension ServiceSupervisor {
    /// The sockets that the service's next process inherits; nil for none.
    func inherit(_ context: RunContext) async -> Result<ProcessCommand.Sockets?, ListenError> {
        guard let sockets else { return .success(nil) }
        do throws(ListenError) {
            // Also where it wants none: those of the run before are closed then.
            let descriptors = try await sockets.open(definition.listen, for: context.job, run: context.run)
            return .success(descriptors.isEmpty ? nil : ProcessCommand.Sockets(descriptors, name: context.job))
        } catch {
            return .failure(error)
        }
    }
}
