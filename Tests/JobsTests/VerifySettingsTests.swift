import TestSupport
import Testing

@Suite("settings of verify")
struct VerifySettingsTests {
    private func problems(_ settings: String) -> [String] { DeclaredJob.problems("type: verify\nwith: { repository: main, \(settings) }") }

    @Test("a share is a percentage from 0 to 100", arguments: ["0%", "5%", "2.5%", "100%"])
    func shares(text: String) {
        #expect(problems("data: \(text)").allSatisfy { !$0.contains("data") }, "\(problems("data: \(text)"))")
    }

    @Test(
        "another form of a share, and of the time between drills, is named",
        arguments: ["data: 5", "data: 101%", "data: -1%", "data: half", "data: 1e1%", "drill: soon"])
    func wrong(setting: String) {
        let found = problems(setting)
        let hint = setting.hasPrefix("data") ? "a share such as 5%" : "write a duration such as"
        #expect(found.contains { $0.contains(hint) }, "\(found)")
    }
}
