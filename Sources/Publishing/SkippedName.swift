/// Something in a site's folder that is not published; everything else is.
package struct SkippedName: Hashable, Sendable {
    /// Why it is not published; `cause` says it for people.
    package enum Reason: String, Hashable, Sendable {
        case notUTF8, deadLink, linkOutside, linkToFolder, linkToHidden, noFile, longName
    }

    /// Below the site's folder; bytes that are not UTF-8 are as `\xE9`.
    package var name: String
    package var reason: Reason

    /// - Parameter name: The bytes of the path below the site's folder.
    package init(_ name: some Sequence<UInt8>, _ reason: Reason) {
        self.name = SkippedName.readable(name)
        self.reason = reason
    }

    /// What is wrong with it, as a clause that follows its name.
    package var cause: String {
        switch reason {
        case .notUTF8: "its name is not UTF-8"
        case .deadLink: "it is a link that leads nowhere"
        case .linkOutside: "it is a link that leads out of the site"
        case .linkToFolder: "it is a link to a folder"
        case .linkToHidden: "it is a link to something hidden"
        case .noFile: "it is not a file"
        case .longName: "its name is too long for an address"
        }
    }

    /// What to do about it.
    package var remedy: String {
        switch reason {
        case .notUTF8: "rename it, such as with convmv"
        case .deadLink: "remove it, or bring back what it leads to"
        case .linkOutside, .linkToFolder, .linkToHidden: "put a copy in its place, or remove it"
        case .noFile: "remove it"
        case .longName: "shorten the name"
        }
    }

    /// The last 60 characters of the name, for a summary.
    package var shortName: String { name.count > 60 ? "…" + name.suffix(60) : name }

    private static func readable(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        var rest = bytes[...]
        while let byte = rest.first {
            // The longest piece that is one character of UTF-8.
            let length = (1...4).first { String(validating: rest.prefix($0), as: UTF8.self) != nil }
            if let length, rest.count >= length {
                text += String(decoding: rest.prefix(length), as: UTF8.self)
                rest = rest.dropFirst(length)
            } else {
                text += "\\x" + [byte].hexDigits
                rest = rest.dropFirst()
            }
        }
        return text
    }
}

extension [UInt8] {
    fileprivate var hexDigits: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined() }
}
