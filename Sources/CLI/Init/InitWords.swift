import Recipes

/// What `init` says on a terminal.
struct InitWords {
    let language: Language

    private func text(_ en: String, _ zh: String) -> String { language == .zh ? zh : en }

    var wrote: String { text("wrote", "已写入") }
    var steps: String { text("Next steps (also in NEXT-STEPS.md):", "接下来（也写在 NEXT-STEPS.md 里）：") }
    /// What to do with a password that was just made.
    func password(_ password: String) -> String {
        let name = BackupFormat.password
        return text(
            "A \(name) that was made just now, and is written nowhere:\n  \(password)\nKeep it in a password manager, and set it as the secret: "
                + "without it, backups can't be read. If you have one already, that one stays.",
            "刚生成的 \(name)，没有写进任何文件：\n  \(password)\n存进密码管理器，并设为密钥：没有它，备份就读不出来。已经有密码的，继续用原来的。")
    }

    var nothing: String { text("nothing was written", "没有写任何文件") }
    var platform: String { text("Platform", "平台") }
    var app: String { text("App", "应用") }
    var store: String { text("Where backups go", "备份放在哪里") }
    var command: String { text("Command that starts your app (empty: a page that says where to put it)", "启动应用的命令（留空：先显示一个说明页）") }
    var port: String { text("Port that it listens on (empty: the one in $PORT)", "它监听的端口（留空：用 $PORT）") }
    var health: String { text("Path that answers once it is up", "启动完成后能访问的路径") }

    func found(_ file: String) -> String { text("\(file) is here, so the platform is probably:", "这里有 \(file)，平台多半是：") }
    func choices(_ count: Int) -> String { text("a number from 1 to \(count), or a name", "请输入 1 到 \(count) 的数字，或者名称") }
    var portWanted: String { text("a number from 1 to 65535", "请输入 1 到 65535 的数字") }
    var pathWanted: String { text("a path such as /healthz", "请输入路径，如 /healthz") }

    func about(_ platform: Hosting) -> String {
        switch platform {
        case .huggingface: "Hugging Face Space"
        case .modelscope: text("ModelScope Studio", "ModelScope 创空间")
        case .railway: "Railway"
        case .render: "Render"
        case .fly: "Fly.io"
        case .compose: "Docker Compose"
        }
    }

    func about(_ store: BackupStore) -> String {
        switch store {
        case .huggingface: text("a private dataset of the Hugging Face Hub", "Hugging Face Hub 上的私有数据集")
        case .oss: text("a bucket of Aliyun OSS", "阿里云 OSS 的 Bucket")
        case .s3: text("a bucket of S3, R2 or MinIO", "S3、R2 或 MinIO 的 Bucket")
        case .folder: text("a folder, such as a mounted volume", "文件夹，如挂载的卷")
        }
    }

    func about(app: String) -> String {
        switch app {
        case "openclaw": text("OpenClaw with a Hexo blog", "OpenClaw 和 Hexo 博客")
        case "n8n": text("workflows", "工作流")
        case "uptime-kuma": text("a monitor of other sites", "监控其他网站")
        default: text("any other program", "任何其他程序")
        }
    }
}
