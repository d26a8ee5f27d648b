/// An exchange as the log reports it: without headers, body or query, where secrets may be.
package struct HTTPExchange: Sendable, CustomStringConvertible {
    package var method: String
    /// Without query and fragment.
    package var url: String
    /// Nil where there was no answer.
    package var status: Int?
    /// Nil where there was an answer, whatever its status.
    package var failure: HTTPFailure?
    /// The server's own id of the exchange; see `HTTPResponse.requestID`.
    package var requestID: String?
    /// Bytes of the request's body that were sent; headers are not counted (`CURLINFO_SIZE_UPLOAD_T`).
    package var bytesSent: Int64
    /// Bytes of the answer's body that came; headers are not counted (`CURLINFO_SIZE_DOWNLOAD_T`).
    package var bytesReceived: Int64
    /// The duration of the exchange, connecting included.
    package var milliseconds: Int64

    /// One line for the log.
    package var description: String {
        let result = status.map { "\($0)" } ?? failure?.description ?? "no answer"
        let id = requestID.map { ", id \($0)" } ?? ""
        return "\(method) \(url): \(result) in \(milliseconds) ms, \(bytesSent) bytes out, \(bytesReceived) in\(id)"
    }
}
