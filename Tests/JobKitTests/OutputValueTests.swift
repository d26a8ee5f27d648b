import Foundation
import JobKit
import Testing

@Suite("figures of a run")
struct OutputValueTests {
    @Test("are numbers and truth values in JSON, and come back as they were")
    func roundTrip() throws {
        let values: [String: OutputValue] = ["a": 4, "b": .number(0.5), "c": true, "d": "4", "e": .integer(.max), "f": "", "g": .integer(1), "h": false]
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let data = try encoder.encode(values)
        #expect(
            String(decoding: data, as: UTF8.self) == "{\"a\":4,\"b\":0.5,\"c\":true,\"d\":\"4\",\"e\":9223372036854775807,\"f\":\"\",\"g\":1,\"h\":false}")
        #expect(try JSONDecoder().decode([String: OutputValue].self, from: data) == values)
    }

    @Test("a secret made of digits is redacted like any other", arguments: [OutputValue.integer(12_345_678), .number(12_345_678.5), "12345678"])
    func redacted(_ value: OutputValue) {
        let report = RunReport(summary: "", outputs: ["it": value]).redacted { $0.replacing("12345678", with: "***") }
        #expect(report.outputs["it"].map { "\($0)".contains("12345678") } == false, "\(report)")
    }

    @Test("what holds no secret stays the number that it is")
    func unchanged() {
        let report = RunReport(summary: "", outputs: ["it": 7, "that": true]).redacted { $0.replacing("x", with: "***") }
        #expect(report.outputs == ["it": 7, "that": true])
    }
}
