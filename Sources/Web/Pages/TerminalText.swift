/// A line of a log as HTML: colours as classes, everything else escaped. Source of the codes: ECMA-48 §8.3.117.
///
/// The 256 colours and those of three bytes become the nearest of the sixteen that the page has for light and dark.
struct TerminalText {
    private struct Style: Equatable {
        var front: Int?
        var back: Int?
        var isBold = false, isFaint = false, isItalic = false, isUnderlined = false

        var classes: String {
            [
                front.map { "f\($0)" }, back.map { "g\($0)" }, isBold ? "bo" : nil, isFaint ? "fa" : nil, isItalic ? "it" : nil, isUnderlined ? "un" : nil,
            ].compactMap(\.self).joined(separator: " ")
        }
    }

    static func html(_ line: String) -> String {
        var text = TerminalText()
        text.read(line)
        return text.html
    }

    private var html = ""
    private var style = Style()
    private var run = ""

    private init() {}

    private mutating func read(_ line: String) {
        var rest = Substring(line).unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\u{1b}" {
                guard rest.first == "[" else { continue }
                rest.removeFirst()
                let parameters = rest.prefix { ("0"..."?").contains($0) }
                rest = rest.dropFirst(parameters.count).drop { (" "..."/").contains($0) }
                guard let final = rest.popFirst(), final == "m" else { continue }
                flush()
                apply(String(String.UnicodeScalarView(parameters)))
            } else if scalar == "\t" || !isUnseen(scalar) {
                run.unicodeScalars.append(scalar)
            }
        }
        flush()
    }

    /// Controls, and marks that turn the direction of what follows.
    private func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }

    private mutating func flush() {
        guard !run.isEmpty else { return }
        let text = HTMLText.escaped(run)
        html += style == Style() ? text : "<span class=\"\(style.classes)\">\(text)</span>"
        run = ""
    }

    private mutating func apply(_ parameters: String) {
        var codes = parameters.split(omittingEmptySubsequences: false) { $0 == ";" || $0 == ":" }.map { Int($0) ?? 0 }[...]
        while let code = codes.popFirst() {
            switch code {
            case 0: style = Style()
            case 1: style.isBold = true
            case 2: style.isFaint = true
            case 3: style.isItalic = true
            case 4: style.isUnderlined = true
            case 22: (style.isBold, style.isFaint) = (false, false)
            case 23: style.isItalic = false
            case 24: style.isUnderlined = false
            case 30...37: style.front = code - 30
            case 38: style.front = TerminalText.colour(&codes) ?? style.front
            case 39: style.front = nil
            case 40...47: style.back = code - 40
            case 48: style.back = TerminalText.colour(&codes) ?? style.back
            case 49: style.back = nil
            case 90...97: style.front = code - 82
            case 100...107: style.back = code - 92
            default: break
            }
        }
    }

    /// Reads `5;N` or `2;R;G;B`.
    private static func colour(_ codes: inout ArraySlice<Int>) -> Int? {
        switch codes.popFirst() {
        case 5:
            guard let index = codes.popFirst(), (0...255).contains(index) else { return nil }
            if index < 16 { return index }
            if index >= 232 { return nearest(8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10) }
            let steps = [0, 95, 135, 175, 215, 255]
            let cube = index - 16
            return nearest(steps[cube / 36], steps[cube / 6 % 6], steps[cube % 6])
        case 2:
            guard codes.count >= 3 else {
                codes = []
                return nil
            }
            let parts = codes.prefix(3).map { min(255, max(0, $0)) }
            codes = codes.dropFirst(3)
            return nearest(parts[0], parts[1], parts[2])
        default: return nil
        }
    }

    private static let palette = [
        (0, 0, 0), (170, 0, 0), (0, 150, 0), (170, 120, 0), (0, 0, 200), (170, 0, 170), (0, 150, 150), (190, 190, 190), (110, 110, 110), (255, 85, 85),
        (85, 230, 85), (240, 220, 80), (95, 120, 255), (255, 85, 255), (85, 240, 240), (255, 255, 255),
    ]

    private static func nearest(_ red: Int, _ green: Int, _ blue: Int) -> Int {
        func distance(_ colour: (Int, Int, Int)) -> Int {
            let (r, g, b) = (colour.0 - red, colour.1 - green, colour.2 - blue)
            return r * r + g * g + b * b
        }
        return palette.indices.min { distance(palette[$0]) < distance(palette[$1]) } ?? 7
    }
}

enum HTMLText {
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
