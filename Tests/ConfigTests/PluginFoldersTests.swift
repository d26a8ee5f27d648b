import Config
import JobKit
import Settings
import Testing

/// What is read of a file before the job types are known.
@Suite("plug-in folders")
struct PluginFoldersTests {
    private func folders(_ text: String) -> [String] {
        ConfigurationReader(catalog: JobCatalog(), environment: ["HOME": "/home/x"]).pluginFolders(text, file: "c.yaml").map { "\($0.path) \($0.place)" }
    }

    @Test("they are found before and after the jobs, with their places")
    func places() {
        let jobs = "jobs:\n  a:\n    type: x\n\n  # a remark\n  b: { type: y }\n"
        #expect(folders("version: 1\nplugins: one\n" + jobs) == ["one c.yaml:2:10"])
        #expect(folders("version: 1\n" + jobs + "plugins:\n  - one\n  - ${HOME}/two\n") == ["one c.yaml:9:5", "/home/x/two c.yaml:10:5"])
        #expect(folders("version: 1\r\n" + jobs.replacing("\n", with: "\r\n") + "plugins: one\r\n") == ["one c.yaml:8:10"])
    }

    @Test("an anchor in a job may be used by them; a file without any has none")
    func anchors() {
        #expect(folders("jobs:\n  a:\n    cwd: &f /srv\nplugins: *f\n").map { $0.prefix(4) } == ["/srv"])
        #expect(folders("version: 1\njobs: {}\n") == [] && folders("") == [] && folders("plugins: [") == [])
    }
}
