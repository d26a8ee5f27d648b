import ArgumentParser
import Config
import Daemon

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print the completion script of a shell.",
        discussion: """
            bash:  source <(shipkeeper completion bash)
            zsh:   shipkeeper completion zsh > "${fpath[1]}/_shipkeeper"
            fish:  shipkeeper completion fish > ~/.config/fish/completions/shipkeeper.fish
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        let script: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Console.out(Root.completionScript(for: script))
    }
}

extension CompletionKind {
    /// The names of the jobs in the configuration.
    static let jobs = CompletionKind.custom { _, _, _ in ConfigurationFile(option: nil).names(below: "jobs") }
    static let actions = CompletionKind.custom { _, _, _ in ConfigurationFile(option: nil).names(below: "actions") }
}
