package import Platforms

/// A platform that recipes are written for.
package enum Hosting: String, CaseIterable, Sendable {
    case huggingface, modelscope, railway, render, fly, compose

    /// What a container finds itself on there. Plain Docker says nothing of itself.
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

    /// What a person does with the files. All but ModelScope, whose Dockerfile names it, take the image's name from SHIPKEEPER_IMAGE.
    func nextStep(_ app: String) -> String {
        switch self {
        case .huggingface: "create a Docker Space, set SHIPKEEPER_IMAGE (your image), the variables and the secrets in its settings, then upload the files"
        case .modelscope: "put your image's name into Dockerfile, create a Docker Studio, set the variables and secrets, then upload the files"
        case .railway: "push the files to a repository, make a service of it, and set SHIPKEEPER_IMAGE (your image), the variables and the secrets there"
        case .render: "push the files to a repository and make a Blueprint of it: Render asks for SHIPKEEPER_IMAGE (your image) and the secrets"
        case .fly:
            "put app, region and SHIPKEEPER_IMAGE into fly.toml, fly launch --no-deploy --copy-config, fly secrets set NAME=… for each secret, fly deploy --ha=false"
        case .compose: "cp \(app).env.example \(app).env, fill it in, then SHIPKEEPER_IMAGE=your-image docker compose up -d --build"
        }
    }
}
