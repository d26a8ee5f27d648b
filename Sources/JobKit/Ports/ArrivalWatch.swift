import Settings

/// Sees whether a request of this program comes in at its own public port from outside.
package protocol ArrivalWatch: Sendable {
    /// Begins to look for one request. Nil where this program sees no visits: it has no public port of its own.
    func expect() -> ExpectedArrival?
    /// How the request came in. Waits until it has, at most for `limit`.
    func arrival(of request: ExpectedArrival, within limit: Duration, _ clock: any WallClock) async -> Arrival?
    /// Ends the look-out for the request. When it comes later, it is still not taken for a visitor.
    func forget(_ request: ExpectedArrival)
}

/// A request that is looked for at the public port.
package struct ExpectedArrival: Hashable, Sendable {
    /// The header by which it is recognized. Its value is used once, and can't be guessed.
    package var header: Header
    /// The header that every answer of this public port has.
    package var answerHeader: Header

    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    package init(header: Header, answerHeader: Header) {
        self.header = header
        self.answerHeader = answerHeader
    }
}

/// The way by which a request came in. The raw values are part of outputs.
package enum Arrival: String, Hashable, Sendable, Codable {
    case outside
    /// By an address of this machine that no other machine can use, such as 127.0.0.1.
    case loopback
}

/// Sees nothing: for a program without a public port.
package struct NoArrivals: ArrivalWatch {
    package init() {}
    package func expect() -> ExpectedArrival? { nil }
    package func arrival(of request: ExpectedArrival, within limit: Duration, _ clock: any WallClock) async -> Arrival? { nil }
    package func forget(_ request: ExpectedArrival) {}
}
