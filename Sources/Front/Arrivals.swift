package import JobKit
import Synchronization

/// Looks for requests of this program among the visits that nginx reports.
///
/// A visit carries the header `NginxConfiguration.nonceHeader` with a random number that was made for one request, so nobody else can bring it.
package final class Arrivals: ArrivalWatch {
    private struct State {
        /// The mark of the answers of the public port; nil where no visits are reported.
        var instance: String?
        /// What is heard of the requests that are looked for, by their random numbers.
        var expected: [String: (stream: AsyncStream<Arrival>, continuation: AsyncStream<Arrival>.Continuation)] = [:]
        /// The newest random numbers, oldest first: a request may come in after it was given up.
        var made: [String] = []
    }

    private static let mostRemembered = 64

    private let state = Mutex(State())

    package init() {}

    /// - Parameter instance: What the public port marks its answers with, from now on; nil where it reports no visits.
    package func see(_ instance: String?) { state.withLock { $0.instance = instance } }

    /// Takes a visit in.
    /// - Returns: Whether it is a request of this program.
    package func note(_ visit: Visit) -> Bool {
        guard !visit.nonce.isEmpty else { return false }
        return state.withLock { state in
            guard state.made.contains(visit.nonce) else { return false }
            state.expected[visit.nonce]?.continuation.yield(visit.isFromThisMachine ? .loopback : .outside)
            return true
        }
    }

    package func expect() -> ExpectedArrival? {
        let nonce = Arrivals.random() + Arrivals.random()
        return state.withLock { state in
            guard let instance = state.instance else { return nil }
            state.expected[nonce] = AsyncStream.makeStream(of: Arrival.self, bufferingPolicy: .bufferingOldest(1))
            state.made = state.made.suffix(Arrivals.mostRemembered - 1) + [nonce]
            return ExpectedArrival(
                header: .init(NginxConfiguration.nonceHeader, nonce), answerHeader: .init(NginxConfiguration.markHeader, instance))
        }
    }

    package func arrival(of request: ExpectedArrival, within limit: Duration, _ clock: any WallClock) async -> Arrival? {
        guard let stream = state.withLock({ $0.expected[request.header.value]?.stream }) else { return nil }
        do throws(JobError) {
            return try await Deadline.within(limit, clock) { () throws(JobError) -> Arrival? in
                for await arrival in stream { return arrival }
                return nil
            } ?? nil
        } catch { return nil }
    }

    package func forget(_ request: ExpectedArrival) {
        state.withLock { $0.expected.removeValue(forKey: request.header.value) }?.continuation.finish()
    }

    /// 64 bits that can't be guessed, in hexadecimal digits.
    static func random() -> String {
        let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
