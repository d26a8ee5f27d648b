/// The words of a text that can be names of plug-ins: letters, digits and `-`.
package struct PluginNames: Sendable {
    private let words: Set<String>

    package init(in text: String) {
        words = Set(text.utf8.split { !$0.isPluginNameByte }.map { String(decoding: $0, as: UTF8.self) })
    }

    package func contains(_ name: String) -> Bool { words.contains(name) }
}

extension UInt8 {
    /// Whether it can be in a plug-in's name.
    var isPluginNameByte: Bool { (0x61...0x7a).contains(self) || (0x30...0x39).contains(self) || self == 0x2d }
}
