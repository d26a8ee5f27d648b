/// A platform that recipes are written for.
package enum Hosting: String, CaseIterable, Sendable {
    case huggingface, modelscope, railway, render, fly, compose

    /// The Hub can't be reached from where ModelScope stands.
    var usualStore: BackupStore { self == .modelscope ? .oss : .huggingface }

    /// Whether variables and arguments of its files reach the build of the image.
    var passesBuildArguments: Bool { self != .modelscope }

    /// Where the program can't know what the platform's file allows.
    var stopBudget: String? { [.fly, .compose].contains(self) ? "25s" : nil }

    func files(_ recipe: Recipe) -> [Recipe.File] {
        switch self {
        case .huggingface: [.init(path: "README.md", text: Hosting.spaceReadme(recipe))]
        case .modelscope: [.init(path: "ms_deploy.json", text: Hosting.modelScope(recipe))]
        case .railway: [.init(path: "railway.json", text: Hosting.railway(recipe))]
        case .render: [.init(path: "render.yaml", text: Hosting.render(recipe))]
        case .fly: [.init(path: "fly.toml", text: Hosting.fly(recipe))]
        case .compose:
            [
                .init(path: "compose.yaml", text: Hosting.compose(recipe)),
                .init(path: "\(recipe.app.title).env.example", text: Hosting.composeEnvironment(recipe)),
            ]
        }
    }

    /// What a person does with the files.
    package var nextStep: String {
        switch self {
        case .huggingface: "create a Docker Space, set the variables and secrets in its settings, then upload the files"
        case .modelscope: "create a Docker Studio, put your image into Dockerfile, set the variables and secrets, then upload the files"
        case .railway: "push the files to a repository, make a service of it, and set the variables there"
        case .render: "push the files to a repository and make a Blueprint of it: Render asks for the secrets"
        case .fly: "fly launch --no-deploy --copy-config, then fly secrets set NAME=… for each secret, then fly deploy"
        case .compose: "copy the .env.example to .env without the ending, fill it in, then docker compose up -d --build"
        }
    }
}
