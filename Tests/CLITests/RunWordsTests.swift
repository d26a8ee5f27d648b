import ArgumentParser
import Testing

@testable import CLI

/// `run` is read without ArgumentParser where its words are those of a container, and must mean the same then.
@Suite("the words of run")
struct RunWordsTests {
    @Test(
        "what is read directly is what ArgumentParser reads",
        arguments: [
            ["run"], ["run", "--no-init"], ["run", "--config", "a.yaml"], ["run", "-c", "a b.yaml", "--no-init"],
            ["run", "--env-file", "one", "--config", "x", "--env-file", "two", "--no-init"], ["run", "--config", "a", "--config", "b"],
            ["run", "--config", ""],
        ])
    func same(words: [String]) throws {
        let direct = try #require(RunWords(words))
        let parsed = try #require(try Root.parseAsRoot(words) as? RunCommand)
        #expect(direct.config == parsed.config && direct.envFile == parsed.envFile)
    }

    @Test(
        "anything else is left to ArgumentParser",
        arguments: [
            [], ["status"], ["--version"], ["run", "--help"], ["run", "-h"], ["run", "--config"], ["run", "--config", "--no-init"], ["run", "--conf", "a"],
            ["run", "--config=a"], ["run", "-ca"], ["run", "--init"], ["run", "more"], ["run", "--", "--no-init"], ["--no-init", "run"],
        ])
    func others(words: [String]) { #expect(RunWords(words).map { _ in words } == nil) }
}
