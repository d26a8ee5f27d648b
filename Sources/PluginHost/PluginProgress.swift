import JobKit

extension RunProgress {
    /// How far a plug-in says it is: in things, in bytes, or in both; nil where it says neither.
    init?(_ value: PluginValue) {
        guard let fields = value.object else { return nil }
        func number(_ key: String) -> Int64? { fields[key]?.integer.map(Int64.init) }
        self.init(step: fields["step"]?.text ?? "working")
        bytes = number("done_bytes").map { Bytes(done: $0, total: number("total_bytes")) }
        if let done = number("done") {
            let unit = fields["unit"]?.text ?? "steps"
            if unit == "bytes" {
                bytes = bytes ?? Bytes(done: done, total: number("total"))
            } else {
                count = Count(done: done, total: number("total"), unit: unit)
            }
        }
        if count == nil, bytes == nil { return nil }
    }
}
