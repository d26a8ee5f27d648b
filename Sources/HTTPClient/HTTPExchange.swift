/// An exchange as the log reports it: without headers, body or query, where secrets may be.
package struct HTTPExchange: Sendable, CustomStringConvertible {
    package var method: String
    package var url: String
    /// Nil where there was no answer.
    package var status: Int?
    package var failure: HTTPFailure?
    /// The server's name for the exchange.
    package var requestID: String?
    package var bytesSent: Int64
    package var bytesReceived: Int64
    package var milliseconds: Int64

    package var description: String {
        let result = status.map { "\($0)" } ?? failure?.description ?? "no answer"
        let id = requestID.map { ", id \($0)" } ?? ""
        return "\(method) \(url): \(result) in \(milliseconds) ms, \(bytesSent) bytes out, \(bytesReceived) in\(id)"
    }
}
