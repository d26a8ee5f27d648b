import Foundation
import TestSupport
import Testing

@Suite("command line", .waiting)
struct CommandLineTests {
    private func run(_ words: String, in folder: TemporaryFolder = TemporaryFolder()) throws -> Shell.Result {
        try Shell.run("'\(SourceTree.program)' \(words)", folder: folder.path)
    }

    @Test(
        "a command that is not there is answered with the one that is meant",
        arguments: [("chek", "shipkeeper check"), ("ps", "shipkeeper status"), ("validate x.yaml", "shipkeeper check"), ("snapshots", "shipkeeper backups")])
    func advice(words: String, meant: String) throws {
        let result = try run(words)
        #expect(result.status == 2 && result.errors.contains("there is no command") && result.errors.contains("did you mean \"\(meant)\"?"), "\(result)")
    }

    @Test("every shell gets a completion script, which knows the jobs of the file")
    func completion() throws {
        for shell in ["bash", "zsh", "fish"] {
            let result = try run("completion \(shell)")
            #expect(result.status == 0 && result.output.contains("shipkeeper"), "\(shell)")
        }
        #expect(try run("completion bash > script && bash -n script", in: TemporaryFolder()).status == 0)
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", "version: 1\njobs:\n  nightly: { type: command, with: { shell: x } }\n  备份: { type: nonsense }\n")
        let names = try run("---completion stop -- positional@0 0 0 ''", in: folder)
        #expect(names.output.split(separator: "\n") == ["nightly", "备份"], "\(names)")
    }

    @Test("variables come from a file of Docker's form; the resolved file and annotations can be printed")
    func check() throws {
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", "version: 1\njobs:\n  a: { type: command, env: { X: \"${NAME}\" }, with: { shell: x } }\n")
        try folder.write("app.env", "# a comment\nNAME=one two\nEMPTY=\n")
        #expect(try run("check", in: folder).errors.contains("NAME is not set") && run("check", in: folder).status == 78)
        #expect(try run("check --offline", in: folder).status == 0)
        #expect(try run("check --env-file app.env", in: folder).status == 0)
        #expect(try run("config --env-file app.env", in: folder).output.contains("X: one two"))
        #expect(try run("check --format github", in: folder).errors.hasPrefix("::error file=shipkeeper.yaml,line=3,col="))
        try folder.write("bad.env", "export NAME=x\n")
        let bad = try run("check --env-file bad.env", in: folder)
        #expect(bad.status == 2 && bad.errors.contains("bad.env:1:1: error: this is not NAME=value"), "\(bad)")
    }

    @Test("on a terminal an error is shown with its line and a caret, in the width of its characters")
    func caret() throws {
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", "version: 1\njobs:\n  夜间任务: { typ: command, with: { shell: x } }\n")
        let line = "TERM=xterm COLUMNS=80 script -qec \"'\(SourceTree.program)' check\" /dev/null"
        let shown = try Shell.run("unset NO_COLOR FORCE_COLOR CLICOLOR_FORCE; \(line)", folder: folder.path).output.replacing("\r\n", with: "\n")
        #expect(shown.contains("error:") && shown.contains("\u{1b}[31m"), "\(shown)")
        let plain = try Shell.run("NO_COLOR=1 \(line)", folder: folder.path).output.replacing("\r\n", with: "\n")
        #expect(plain.contains("  3 |   夜间任务: { typ: command, with: { shell: x } }\n    |               ^\n"), "\(plain)")
        #expect(plain.hasSuffix("1 error\n"), "\(plain)")
    }
}
