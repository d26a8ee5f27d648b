/// The parameters of an operation: a struct of texts, whole numbers, truth values and optional ones of these.
package protocol OperationRequest: Codable, Sendable {
    /// What each parameter means, by its name in snake case. All are named, and no others.
    static var notes: [String: ParameterNote] { get }
}

/// What is to be known of a parameter besides its type.
package struct ParameterNote: Sendable {
    package enum Rule: Sendable {
        case range(ClosedRange<Int64>)
        /// Up to so many characters.
        case length(Int)
        /// A time as `WrittenInstant` reads it. The schema tells the form that every client can write.
        case instant
        /// A length of time such as `1h30m`.
        case duration
        /// Some of these words, separated by commas.
        case words([String])
        /// A whole path in the container.
        case path
        /// One word that no program takes for an option.
        case word
    }

    package var about: String
    package var rule: Rule?

    package init(_ about: String, _ rule: Rule? = nil) {
        self.about = about
        self.rule = rule
    }

    private static let longestWord = 200

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// What the value must be; nil where it is, or where whoever reads it says so.
    func complaint(_ text: String) -> String? {
        switch rule {
        case .range(let range):
            guard let number = Int64(text), !range.contains(number) else { return nil }
            return range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        case .length(let most): return text.count > most ? "up to \(most) characters" : nil
        case .path: return text.hasPrefix("/") && !text.contains("\0") ? nil : "a whole path, which begins with /"
        case .words(let words):
            let chosen = text.split(separator: ",", omittingEmptySubsequences: false)
            return chosen.allSatisfy { words.contains(String($0)) } ? nil : "one or more of \(words.joined(separator: ", ")), separated by commas"
        case .word:
            let rest = text.utf8.dropFirst()
            let isWord = text.utf8.first.map(ParameterNote.isLetterOrDigit) == true && rest.count < ParameterNote.longestWord
            return isWord && rest.allSatisfy { ParameterNote.isLetterOrDigit($0) || "._:@/+=-".utf8.contains($0) }
                ? nil : "a word of ASCII letters, digits and ._:@/+=-, which begins with a letter or a digit"
        case .instant, .duration, nil: return nil
        }
    }

    /// The keywords of JSON Schema that say the same.
    var keywords: [String: JSONValue] {
        switch rule {
        case .range(let range): return ["minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .length(let most): return ["maxLength": .integer(Int64(most))]
        case .instant: return ["format": "date-time"]
        case .duration: return ["pattern": "^(?:[1-9][0-9]{0,3}d)?(?:[1-9][0-9]{0,3}h)?(?:[1-9][0-9]{0,3}m)?(?:[1-9][0-9]{0,3}s)?$", "minLength": 2]
        case .words(let words):
            let one = "(?:\(words.joined(separator: "|")))"
            return ["pattern": .text("^\(one)(?:,\(one))*$")]
        case .path: return ["pattern": "^/[^\\u0000]*$"]
        case .word: return ["pattern": .text("^[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,\(ParameterNote.longestWord - 1)}$")]
        case nil: return [:]
        }
    }
}

/// An operation without parameters.
package struct NoParameters: OperationRequest {
    package static let notes: [String: ParameterNote] = [:]

    package init() {}
}
