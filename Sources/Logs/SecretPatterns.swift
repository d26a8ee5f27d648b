import Foundation

/// The forms in which a secret's value may turn up in output.
enum SecretPatterns {
    /// Shorter values would take ordinary words out of the log.
    static let shortest = 5

    /// Raw, JSON-escaped, percent-encoded, and base64 at each of the three places it may start in a longer text.
    static func all(of secret: String) -> Set<[UInt8]> {
        var texts: Set<String> = [secret, jsonEscaped(secret), jsonEscaped(secret).replacing("/", with: "\\/")]
        for upper in [true, false] {
            for keep in ["-._~", "-._~!$&'()*+,;=:@/", ""] {
                let encoded = percentEncoded(secret, keeping: keep, upper: upper)
                texts.insert(encoded)
                texts.insert(encoded.replacing("%20", with: "+"))
            }
        }
        for line in secret.split(whereSeparator: \.isNewline) { texts.insert(String(line)) }
        var patterns = Set(texts.map { Array($0.utf8) })
        for form in Set([Array(secret.utf8), Array(secret.utf8) + [10]]) { patterns.formUnion(base64(of: form)) }
        return patterns.filter { $0.count >= shortest }
    }

    private static func jsonEscaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func percentEncoded(_ text: String, keeping extra: String, upper: Bool) -> String {
        text.utf8.reduce(into: "") { result, byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                byte < 128 && (scalar.properties.isAlphabetic || (48...57).contains(byte) || extra.unicodeScalars.contains(scalar))
            if isPlain {
                result.unicodeScalars.append(scalar)
            } else {
                let hex = String(byte, radix: 16, uppercase: upper)
                result += "%" + (hex.count == 1 ? "0" : "") + hex
            }
        }
    }

    /// The letters of base64 that depend on the secret alone, whatever is before and after it.
    private static func base64(of bytes: [UInt8]) -> Set<[UInt8]> {
        var result = Set<[UInt8]>()
        for offset in 0..<3 {
            let encoded = Data(Array(repeating: 0, count: offset) + bytes).base64EncodedString()
            let first = (offset * 8 + 5) / 6
            let whole = (offset + bytes.count) * 8 / 6
            guard whole > first else { continue }
            let letters = String(encoded.dropFirst(first).prefix(whole - first))
            result.insert(Array(letters.utf8))
            result.insert(Array(letters.replacing("+", with: "-").replacing("/", with: "_").utf8))
        }
        return result
    }
}
