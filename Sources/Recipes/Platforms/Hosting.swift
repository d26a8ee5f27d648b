package import Platforms

/// A platform that recipes are written for.
package enum Hosting: String, CaseIterable, Sendable {
    case huggingface, modelscope, railway, render, fly, compose

    /// The platform that a container detects there. Plain Docker sets no variables that would identify it.
    package var kind: Platform.Kind {
        switch self {
        case .huggingface: .huggingface
        case .modelscope: .modelscope
        case .railway: .railway
        case .render: .render
        case .fly: .fly
        case .compose: .container
        }
    }

    /// The Hub can't be reached from where ModelScope runs.
    var usualStore: BackupStore { self == .modelscope ? .oss : .huggingface }

    /// Whether variables and arguments of its files reach the build of the image.
    var passesBuildArguments: Bool { self != .modelscope }

    /// Where the program can't know what the platform's file allows.
    var stopBudget: String? { [.fly, .compose].contains(self) ? "25s" : nil }

    func files(_ recipe: Recipe) -> [RecipeFile] {
        switch self {
        case .huggingface: [.init(path: "README.md", text: Hosting.spaceReadme(recipe))]
        case .modelscope: [.init(path: "ms_deploy.json", text: Hosting.modelScope(recipe))]
        case .railway: [.init(path: "railway.json", text: Hosting.railway(recipe))]
        case .render: [.init(path: "render.yaml", text: Hosting.render(recipe))]
        case .fly: [.init(path: "fly.toml", text: Hosting.fly(recipe))]
        case .compose:
            [
                .init(path: "compose.yaml", text: Hosting.compose(recipe)),
                .init(path: ".env", text: Hosting.composeImage(recipe), kind: .lines),
                .init(path: ".gitignore", text: ".env\n\(recipe.app.title).env", kind: .lines),
                .init(path: "\(recipe.app.title).env.example", text: Hosting.composeEnvironment(recipe)),
            ]
        }
    }
}
