import JobKit

/// Cuts a stream of bytes into lines, whatever pieces it arrives in, and takes secrets out before anything leaves.
struct LineAssembler {
    /// Longer lines are cut, in bytes.
    static let longestLine = 16 * 1024

    private let redactor: Redactor
    private var splitter: LineSplitter

    init(redactor: Redactor) {
        self.redactor = redactor
        splitter = LineSplitter(.text, longest: LineAssembler.longestLine) { LineAssembler.clean($0, redactor) }
    }

    /// Takes in bytes and gives the lines they complete. Invalid UTF-8 is shown replaced.
    mutating func take(_ bytes: [UInt8]) -> [String] {
        // What stays back of an over-long line is as much as a secret could need to be seen whole.
        splitter.held = redactor.longest
        return splitter.take(bytes).map(LineAssembler.text)
    }

    /// The line begun and not ended, if there is one.
    mutating func finish() -> [String] { splitter.finish().map(LineAssembler.text) }

    /// A secret with colours inside is one all the same.
    private static func clean(_ line: [UInt8], _ redactor: Redactor) -> [UInt8] {
        let plain = PrintedText.plain(line)
        guard plain.count < line.count else { return redactor.redacted(line) }
        let clean = redactor.redacted(plain)
        return clean == plain ? line : clean
    }

    private static func text(_ line: LineSplitter.Line) -> String { String(decoding: line.bytes, as: UTF8.self) }
}
