import JobKit
import Settings

extension SettingsReader {
    /// A list of exit codes.
    mutating func exitCodes(_ key: String, _ about: String, default fallback: [Int32]) -> Set<Int32> {
        let shape = SettingShape(key, about, .list(.integer(0...255)), default: "\(fallback)")
        guard let node = node(shape) else { return Set(fallback) }
        return Set(
            (node.elements ?? [node]).compactMap { element in
                if let text = scalar(element, key), let code = Int32(text), (0...255).contains(code) { return code }
                report(at: element.place, "\"\(qualified(key))\" holds \(element.kind)", hint: "write exit codes from 0 to 255")
                return nil
            })
    }

    /// A signal and the time it is given.
    mutating func stopSteps() -> StopSteps {
        let shape = SettingShape("signal", "The signal that asks it to exit", .choice(SignalName.all), default: "SIGTERM")
        let signal = parsed(shape, expected: "a signal such as SIGTERM or SIGINT", SignalName.number)
        let grace = duration("grace", "Time between that signal and SIGKILL", default: .seconds(10), in: .zero ... .seconds(3600))
        return StopSteps([.init(signal: signal ?? 15, wait: grace)])
    }
}
