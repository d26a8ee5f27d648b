/// Something that is left to the user.
struct NextStep: Sendable {
    var what: Text
    /// The page where it is done.
    var link: String?
    /// What to type, or what a value looks like.
    var example: String?
    /// Whether `example` is to be typed as it is.
    var isCommand: Bool

    init(_ en: String, _ zh: String, link: String? = nil, type command: String) {
        (what, example, isCommand) = (Text(en, zh), command, true)
        self.link = link
    }

    init(_ en: String, _ zh: String, link: String? = nil, example: String? = nil) {
        (what, isCommand) = (Text(en, zh), false)
        self.example = example
        self.link = link
    }

    func line(_ language: Language) -> String { joined(language, example: { $0 }, link: { $0 }) }

    /// The same for a page of Markdown.
    func markdown(_ language: Language) -> String { joined(language, example: { "`\($0)`" }, link: { "<\($0)>" }) }

    private func joined(_ language: Language, example form: (String) -> String, link linkForm: (String) -> String) -> String {
        let (comma, colon) = language == .zh ? ("，例如 ", "：") : (", for example ", ": ")
        // A command is what is to be typed, the form of a value is an example of it.
        let shown = example.map { (isCommand ? colon : comma) + form($0) } ?? ""
        return what[language] + shown + (link.map { (isCommand && example != nil ? (language == .zh ? "；见 " : "; see ") : colon) + linkForm($0) } ?? "")
    }
}

extension Recipe {
    var steps: [NextStep] { [image] + storage + platform.steps(self) }

    /// The page with the steps.
    var nextStepsPage: String {
        let title = language == .zh ? "# 接下来" : "# Next steps"
        let mark = RecipeMark(version: version, options: options).line.dropFirst(2)
        let list = steps.enumerated().map { "\($0 + 1). \($1.markdown(language))" }.joined(separator: "\n")
        return "\(title)\n\n<!-- \(mark.replacing("--", with: "&#45;&#45;")) -->\n\n\(list)\n"
    }

    private var image: NextStep {
        let file = app.name == "openclaw" ? "" : "-f Dockerfile.slim "
        if platform == .compose {
            return NextStep("Build the image, in shipkeeper's repository", "在 shipkeeper 的仓库里构建镜像", type: "docker build \(file)-t \(app.image) .")
        }
        let name = "\(platform == .modelscope ? "registry.example.com" : "ghcr.io")/alice/\(app.image)"
        return NextStep(
            "Build the image in shipkeeper's repository, and push it to a registry of your own", "在 shipkeeper 的仓库里构建镜像，推送到你自己的镜像仓库",
            type: "docker build --platform linux/amd64 \(file)-t \(name) . && docker push \(name)")
    }

    private var storage: [NextStep] {
        switch store {
        case .huggingface:
            [NextStep("Create a private dataset for the backups", "为备份新建一个私有数据集", link: "https://huggingface.co/new-dataset")]
        case .oss: [NextStep("Create a private bucket for the backups", "为备份新建一个私有 Bucket", link: "https://oss.console.aliyun.com/bucket")]
        case .s3: [NextStep("Create a private bucket for the backups", "为备份新建一个私有 Bucket")]
        case .folder where platform == .compose:
            [NextStep("Create the folder that the backups go to, next to compose.yaml", "在 compose.yaml 旁边新建放备份的文件夹", type: "mkdir backups")]
        case .folder:
            [
                NextStep(
                    "Mount a volume that outlives the container at /backups, or set BACKUP_FOLDER to another folder",
                    "把一个容器没了也还在的卷挂载到 /backups，或者把 BACKUP_FOLDER 设为别的文件夹")
            ]
        }
    }

    /// One step for each variable and secret, where the platform requires them one by one.
    fileprivate func settings(variables place: Text, secrets secretPlace: Text) -> [NextStep] {
        func step(_ verb: Text, _ place: Text, _ variable: Variable) -> NextStep {
            NextStep(
                "\(verb.en) \(variable.name) \(place.en)\(variable.about.map { " (\($0.en))" } ?? "")",
                "\(place.zh)\(verb.zh) \(variable.name)\(variable.about.map { "（\($0.zh)）" } ?? "")", link: variable.link, example: variable.example)
        }
        return variables.map { step(Text("Set the variable", "设变量"), place, $0) } + secrets.map { step(Text("Set the secret", "设密钥"), secretPlace, $0) }
    }

    /// Where the platform makes the secrets: what it has made is nowhere else.
    fileprivate var passwordCopy: [NextStep] {
        guard format == .restic else { return [] }
        let name = BackupFormat.password
        return [
            NextStep(
                "Copy \(name) from the service's Environment to a place outside of Render, such as a password manager: without it, backups can't be read",
                "把 \(name) 从服务的 Environment 抄到 Render 之外的地方，例如密码管理器：没有它，备份就读不出来")
        ]
    }

    fileprivate var imageVariable: Variable { Variable("SHIPKEEPER_IMAGE", "ghcr.io/alice/\(app.image)", Text("the image of step 1", "第 1 步的镜像")) }
}

extension Hosting {
    /// From the files to a running app.
    fileprivate func steps(_ recipe: Recipe) -> [NextStep] {
        func image(_ en: String, _ zh: String) -> NextStep {
            NextStep("Set the variable SHIPKEEPER_IMAGE \(en)", "\(zh)设变量 SHIPKEEPER_IMAGE", example: recipe.imageVariable.example)
        }
        func settings(_ en: String, _ zh: String, secrets: Text? = nil) -> [NextStep] {
            recipe.settings(variables: Text(en, zh), secrets: secrets ?? Text(en, zh))
        }
        let log = NextStep("Watch the log until it says \(recipe.app.service): ready", "看日志，直到出现 \(recipe.app.service): ready")
        switch self {
        case .huggingface:
            let (en, zh) = ("in the Space's settings", "在 Space 的设置里")
            return [NextStep("Create a Space with the SDK Docker", "新建一个 SDK 为 Docker 的 Space", link: "https://huggingface.co/new-space"), image(en, zh)]
                + settings(en, zh)
                + [NextStep("Upload the files", "上传文件", type: "git clone https://huggingface.co/spaces/alice/my-\(recipe.app.title)"), log]
        case .modelscope:
            return [
                NextStep(
                    "Put the image's name into Dockerfile", "把镜像名写进 Dockerfile", example: "ARG SHIPKEEPER_IMAGE=registry.example.com/alice/\(recipe.app.image)"),
                NextStep("Create a studio of the kind Docker", "新建一个类型为 Docker 的创空间", link: "https://modelscope.cn/studios"),
            ] + settings("in the studio's settings", "在创空间的设置里") + [NextStep("Upload the files", "上传文件"), log]
        case .railway:
            let (en, zh) = ("in the service's Variables", "在服务的 Variables 里")
            return [
                NextStep(
                    "Push the files to a repository and make a service of it", "把文件推到一个仓库，用它新建一个服务", link: "https://railway.com/new"), image(en, zh),
            ] + settings(en, zh) + [NextStep("Deploy, and generate a domain under Networking", "部署，并在 Networking 里生成域名"), log]
        case .render:
            let (en, zh) = ("when Render asks for it", "Render 询问时")
            let asked = recipe.settings(variables: Text(en, zh), secrets: Text(en, zh)).filter { step in
                !recipe.secrets.contains { $0.canBeMade && step.what.en.contains($0.name) }
            }
            return [
                NextStep(
                    "Push the files to a repository and make a Blueprint of it", "把文件推到一个仓库，用它新建一个 Blueprint",
                    link: "https://dashboard.render.com/blueprints"), image(en, zh),
            ] + asked + [log] + recipe.passwordCopy
        case .fly:
            let secrets = recipe.secrets.map { secret in
                NextStep(
                    "Set the secret \(secret.name)\(secret.about.map { " (\($0.en))" } ?? "")", "设密钥 \(secret.name)\(secret.about.map { "（\($0.zh)）" } ?? "")",
                    link: secret.link, type: "fly secrets set \(secret.name)=\(secret.example.contains(" ") ? "…" : secret.example)")
            }
            return [
                NextStep(
                    "Install flyctl and log in", "安装 flyctl 并登录", link: "https://fly.io/docs/flyctl/install/", type: "fly auth login"),
                NextStep(
                    "Put app, primary_region, SHIPKEEPER_IMAGE and the variables under [env] into fly.toml",
                    "在 fly.toml 里写上 app、primary_region、SHIPKEEPER_IMAGE 和 [env] 下的变量"),
                NextStep("Create the app", "新建应用", type: "fly launch --no-deploy --copy-config"),
            ] + secrets + [
                NextStep("Deploy one machine", "部署一台机器", type: "fly deploy --ha=false"), NextStep("Watch the log", "看日志", type: "fly logs"),
            ]
        case .compose:
            let (example, file) = ("\(recipe.app.title).env.example", "\(recipe.app.title).env")
            let (en, zh) = ("in \(file)", "在 \(file) 里")
            return [
                NextStep(
                    "Put the image's name into .env, if yours is another one", "如果镜像是别的名字，写进 .env", example: "SHIPKEEPER_IMAGE=\(recipe.app.image)"),
                NextStep("Make the file for variables and secrets", "新建放变量和密钥的文件", type: "cp \(example) \(file) && chmod 600 \(file)"),
            ] + settings(en, zh) + [
                NextStep("Build and start", "构建并启动", type: "docker compose up -d --build"),
                NextStep("Watch the log", "看日志", type: "docker compose logs -f"),
            ]
        }
    }
}
