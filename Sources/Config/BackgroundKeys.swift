import JobKit
import Settings

/// Reads `background`: yes, or a group of keys.
enum BackgroundKeys {
    /// Below this the kernel would end processes instead of slowing them down.
    private static let leastMemory: Int64 = 16 << 20
    private static let about = "The job makes room for the app: its processes get what nobody else wants, and its runs begin when the machine is quiet"

    static func read(_ reader: inout SettingsReader) -> Background? {
        let known = SettingsReader.shapes { _ = group(&$0) }
        guard let node = reader.node(SettingShape("background", about, .either([.boolean, .section(known)]), default: "false")) else { return nil }
        if node.entries != nil { return reader.nested(node, path: reader.qualified("background"), known: known, group) }
        switch node.text?.lowercased() {
        case "true", "yes", "on": return Background()
        case "false", "no", "off": return nil
        default:
            reader.report(at: node.place, "\"background\" is \(node.kind)", hint: "write true, or a group such as { nice: 10, io: idle }")
            return nil
        }
    }

    private static func group(_ reader: inout SettingsReader) -> Background {
        let usual = Background()
        let pressure = reader.parsed(
            SettingShape(
                "pressure", "Runs begin only while processes wait for less than this part of the time; off for at once",
                .either([.pattern("^[0-9]+%$", form: "percentage"), .choice(["off"])]), default: usual.pressure.map { "\($0)%" }),
            expected: "a percentage from 1% to 100%, or off"
        ) { text -> Int?? in
            if text == "off" { return .some(nil) }
            guard text.hasSuffix("%"), let percent = Int(text.dropLast()), (1...100).contains(percent) else { return nil }
            return .some(percent)
        }
        return Background(
            nice: reader.integer("nice", "How far behind others at the processor", default: usual.nice, in: 0...19),
            io: reader.choice("io", "Its turn at the disk: as others, after others, or when nothing else wants it", default: usual.io),
            memoryHigh: memory(&reader), pressure: pressure ?? usual.pressure,
            wait: reader.duration("wait", "How long a run waits for a quiet moment", default: usual.wait, in: .seconds(1) ... .seconds(7 * 86_400)))
    }

    private static func memory(_ reader: inout SettingsReader) -> Int64? {
        let shape = SettingShape("memory_high", "Memory above which its processes are slowed down; needs control groups that can be written", .size)
        return reader.parsed(shape, expected: "a size from 16MiB, such as 256MiB") { text in
            ByteSizeText.parse(text).flatMap { $0 >= leastMemory ? $0 : nil }
        }
    }
}
