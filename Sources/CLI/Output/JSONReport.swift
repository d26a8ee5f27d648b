import Control
import Synchronization

/// What a command prints with `--json`, whichever it is and however it ends:
///
///     {"ok": false, "data": null, "problems": [{"severity": "error", "code": "not_running", "message": "…"}]}
///
/// One object on standard output, at the command's end. A command that follows something prints each item as a line of JSON when it comes;
/// the report is then its last line.
final class JSONReport: Sendable {
    private struct Contents {
        var data: (any Encodable & Sendable)?
        var problems: [ProblemAnswer] = []
        var isFollowing = false
    }

    private let contents = Mutex(Contents())

    /// Sets what the command answers; a later answer takes an earlier one's place.
    func answer(_ value: some Encodable & Sendable) { contents.withLock { $0.data = value } }

    func add(_ problem: ProblemAnswer) { contents.withLock { $0.problems.append(problem) } }

    /// From now on everything is a line, also where no item comes.
    func beginLines() { contents.withLock { $0.isFollowing = true } }

    /// One item of what is being followed, as a line.
    func line(_ value: some Encodable) -> String {
        contents.withLock { $0.isFollowing = true }
        return String(decoding: ControlJSON.encode(value, as: .line), as: UTF8.self)
    }

    /// The report. `ok` says whether the exit code is 0.
    func text(exitCode: Int32) -> String {
        let contents = contents.withLock { $0 }
        let envelope = Envelope(ok: exitCode == 0, data: contents.data, problems: contents.problems)
        return String(decoding: ControlJSON.encode(envelope, as: contents.isFollowing ? .line : .block), as: UTF8.self)
    }

    private struct Envelope: Encodable {
        var ok: Bool
        var data: (any Encodable & Sendable)?
        var problems: [ProblemAnswer]

        enum Key: String, CodingKey { case ok, data, problems }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(ok, forKey: .ok)
            // Always there, so that a script need not ask whether it is.
            if let data { try container.encode(data, forKey: .data) } else { try container.encodeNil(forKey: .data) }
            try container.encode(problems, forKey: .problems)
        }
    }
}
