extension ChineseComments {
    /// By the English comment, with single blanks.
    static let table: [String: String] = [
        "Uptime Kuma with its SQLite database.": "带 SQLite 数据库的 Uptime Kuma。",
        "a fresh volume gets the newest backup before the app starts": "新的卷在应用启动前先恢复最新的备份",
        "the slash at the end belongs there": "末尾的斜杠不能少",
        "version 2 would ask at the first start otherwise": "否则版本 2 第一次启动时会询问",
        "an update may migrate the database first": "更新后可能先迁移数据库",
        "the database changes all the time, so each of these stores something: not too often": "数据库一直在变，每次都会存下一些内容，所以间隔不要太短",
        "Uptime Kuma with shipkeeper as its first process. Build shipkeeper's slim image first:": "Uptime Kuma，第一个进程是 shipkeeper。先构建 shipkeeper 的 slim 镜像：",
        "docker build -f Dockerfile.slim -t shipkeeper:slim . (in shipkeeper's repository)":
            "docker build -f Dockerfile.slim -t shipkeeper:slim .      （在 shipkeeper 的仓库里）",
        "Any app whose disk is lost at every restart.": "任何重启后磁盘就清空的应用。",
        "Any app whose disk is lost at every restart. Put your own command in the place of the page under \"app\".": "任何重启后磁盘就清空的应用。把 \"app\" 下的说明页换成你自己的命令。",
        "Set in the container what the repository below needs.": "下面的仓库需要的变量和密钥，在容器里设。",
        "nothing else starts before the data are back": "数据恢复之前，其他都不启动",
        "the very first time there is nothing to restore": "第一次运行时还没有备份可恢复",
        "only when something has changed, and once more at the very end": "只在有变化时备份，停止时再备份一次",
        "Your own command goes here, such as [node, server.js]; it must listen on $PORT. This one shows a page that says so.":
            "把你自己的命令写在这里，如 [node, server.js]；它要监听 $PORT。现在这个只显示一个说明页。",
        "Your app's files. What it needs beside them is installed here, for example:": "你的应用的文件。还需要的依赖在这里安装，例如：",
        "Any app with shipkeeper as its first process. Build shipkeeper's slim image first, in its repository:":
            "任何应用，第一个进程是 shipkeeper。先在 shipkeeper 的仓库里构建它的 slim 镜像：",
        "n8n with its SQLite database.": "带 SQLite 数据库的 n8n。",
        "Set in the container the secret N8N_ENCRYPTION_KEY, 32 random characters, for ever the same; and what the repository below needs.":
            "在容器里设密钥 N8N_ENCRYPTION_KEY：32 个随机字符，永远不要改；还有下面的仓库需要的变量和密钥。",
        "without it n8n is not started: it would make up a key, and the stored logins would be lost": "没有它就不启动 n8n：n8n 会自己生成一个密钥，已保存的登录信息就读不出来了",
        "n8n makes .n8n in it": "n8n 会在里面新建 .n8n",
        "workflows can't read the environment": "工作流不能读取环境变量",
        "hours; keeps the database, and so each backup, small": "小时；让数据库和每个备份都保持较小",
        "an update migrates first": "更新后会先迁移",
        "as in a .gitignore in that folder": "写法同那个文件夹里的 .gitignore",
        "n8n with shipkeeper as its first process. Build and push shipkeeper's slim image first, in its repository:":
            "n8n，第一个进程是 shipkeeper。先在 shipkeeper 的仓库里构建并推送它的 slim 镜像：",
        "(n8n's own image is Alpine, and shipkeeper needs glibc; so n8n comes from npm here.)": "（n8n 自己的镜像基于 Alpine，而 shipkeeper 需要 glibc，所以这里用 npm 安装 n8n。）",
        "OpenClaw with MiniMax models, and a Hexo blog, in a container whose disk is lost at every restart.":
            "OpenClaw 加 MiniMax 模型，以及一个 Hexo 博客，运行在重启后磁盘就清空的容器里。",
        "The same file works on every platform; GUIDE.md beside it goes through it step by step.": "同一个文件适用于所有平台；同目录下的 GUIDE.md 逐步讲解。",
        "Set in the container as secrets: OPENCLAW_GATEWAY_TOKEN what you type to log in": "在容器里设为密钥：                   OPENCLAW_GATEWAY_TOKEN    登录时要输入的令牌",
        "and what the repository below needs. Optional variables:": "以及下面的仓库需要的变量和密钥。可选变量：",
        "PUBLIC_URL the app's address, where the platform does not tell it": "PUBLIC_URL                应用的网址（平台没有提供时）",
        "APPROVE_DEVICES true while a new browser may connect": "APPROVE_DEVICES           为 true 时允许新的浏览器连接",
        "BLOG true to publish; with OSS_REGION, OSS_BUCKET, SITE_URL": "BLOG                      为 true 时发布博客；同时设 OSS_REGION、OSS_BUCKET、SITE_URL",
        "NOTIFY true to be told of failures; with the secret NOTIFY_URL": "NOTIFY                    为 true 时失败会通知；同时设密钥 NOTIFY_URL",
        "ON_RESTORE_FAILURE start_locked to start without the data, and without backups": "ON_RESTORE_FAILURE        为 start_locked 时，恢复失败也启动，但没有数据，也不备份",
        "MINIMAX_BASE_URL at the first start; https://api.minimax.io/anthropic outside China":
            "MINIMAX_BASE_URL          只在第一次启动时有效；中国以外用 https://api.minimax.io/anthropic",
        "GATEWAY_MEMORY beyond which it is restarted at a quiet moment, 75% of the container's; GATEWAY_HEAP_MB, 1536":
            "GATEWAY_MEMORY            超过它就在空闲时重启，默认为容器内存的 75%；GATEWAY_HEAP_MB 默认 1536",
        "DISABLE_DEVICE_AUTH true, versions up to 2026.7: the token alone is enough": "DISABLE_DEVICE_AUTH       为 true 时（2026.7 及以前的版本）只要令牌就够",
        "SHIPKEEPER_SAFE_MODE 1 to start nothing at all": "SHIPKEEPER_SAFE_MODE      为 1 时什么都不启动",
        "Run them by \"shipkeeper action NAME\", or by a button of the status page where a \"front\" has one.":
            "用“shipkeeper action 名称”执行；配置了 front 时，也可以用状态页上的按钮执行。",
        "as \"devices\" lists it": "见 devices 的输出",
        "Nothing starts before the data are back. Backups stay locked when they are not.": "数据恢复之前什么都不启动。恢复不成功时，备份保持锁定。",
        "where newer versions keep the key to their logins": "新版本把登录信息的密钥放在这里",
        "whoever runs here now, be it root or user 1000": "归当前运行的用户所有，不论是 root 还是 1000",
        "The keys that must be right here. All else in openclaw.json is yours, and what your version does not know is left out.":
            "在这里必须正确的设置。openclaw.json 里的其他内容由你自己决定；你的版本不认识的会被略去。",
        "the token comes from the environment, and stands in no file": "令牌来自环境变量，不写进任何文件",
        "true lets everybody in who has the token; versions since 2026.8 ignore it": "为 true 时任何有令牌的人都能进入；2026.8 起的版本忽略它",
        "else the console is a shell of this container": "否则控制台就是这个容器的命令行",
        "only where nothing stands yet: change them in the console": "只在还没有设置时写入；以后在控制台里改",
        "outside China: https://api.minimax.io/anthropic": "中国以外：https://api.minimax.io/anthropic",
        "the name, not the key: the gateway takes it from its environment": "这里写变量名而不是密钥：网关从环境变量里读取",
        "A relay with the same interface goes beside it:": "接口相同的中转服务写在旁边：",
        "So that the assistant knows how to look after this place.": "让助手知道怎样照看这个容器。",
        "and no others: whatever the assistant runs can read them": "只给这些：助手运行的任何程序都能读到它们",
        "it restarts in its own process": "它在自己的进程里重启",
        "taken away: the gateway would think that systemd looks after it": "去掉这些变量：否则网关会以为由 systemd 管理",
        "/readyz is no good here: it says no as long as any chat channel has trouble.": "/readyz 不适合这里：只要有一个聊天渠道出问题，它就报告未就绪。",
        "versions up to 2026.4 may leave a process behind when they restart themselves": "2026.4 及以前的版本自己重启时可能留下一个进程",
        "it asked for a restart": "它要求重启",
        "it does not like its settings": "它不接受当前的设置",
        "what is made anew, in the manner of a .gitignore in each of the two folders": "可以重新生成的内容，写法同这两个文件夹里的 .gitignore",
        "Each night: checks the structure of the repository, reads a part of the data, and once a month restores all of it into a temporary folder.":
            "每天夜里检查仓库的结构，读取一部分数据；每月把全部数据恢复到临时文件夹一次。",
        "each night: checks the repository; once a month restores all of it into a temporary folder": "每天夜里检查仓库；每月把全部数据恢复到临时文件夹一次",
        "Counts only what comes back in from outside. Whether the platform takes it for a visit is written nowhere: a monitor outside is the sure way, see the guide.":
            "只有从外部绕回来的请求才算数。平台是否把它当作访问，没有文档说明；可靠的办法是外部监控，见教程。",
        "nginx has the public port: a page until the app is ready, then the app, and below /-/ the status page.":
            "公网端口由 nginx 监听：应用就绪之前是一个说明页，之后是应用，/-/ 下是状态页。",
        "opens the status page; without it anyone can read it, without logs": "打开状态页的令牌；没有它，任何人都能看状态页（不含日志）",
        "nginx passes visitors on to this port": "nginx 把访客转到这个端口",
        "nginx": "nginx（一层代理）",
        "nginx is in front of it": "前面是 nginx",
        "nginx, which says who a visitor is": "nginx，由它说明访客是谁",
        "SHIPKEEPER_TOKEN opens the status page, /-/": "SHIPKEEPER_TOKEN          打开状态页 /-/",
        "GATEWAY_PORT at which nginx asks the gateway, 18789": "GATEWAY_PORT              nginx 访问网关的端口，默认 18789",
        "Each new browser must be let in once, and there is no shell to do that. Whoever has the token and the address gets in meanwhile.":
            "每个新浏览器都要批准一次，而这里没有命令行可用。开着的时候，有令牌和网址的人都能进入。",
        "Two minutes after the last change of a post; or at once: shipkeeper start blog --wait": "文章最后一次修改两分钟后发布；要立即发布：shipkeeper start blog --wait",
        "cname with OSS_ENDPOINT, a domain of your own; internal within the region": "cname 配合 OSS_ENDPOINT 用自己的域名；同地域内用 internal",
        "here, and not under \"secrets\": what the site's own programs run can't read them": "写在这里而不是 \"secrets\" 下：博客自己运行的程序读不到它们",
        "A message for each problem, and one when it is over: paste the address of a chat's robot, or of Bark, Slack, Telegram and others, into NOTIFY_URL.":
            "每个问题一条消息，恢复时再发一条：把飞书、钉钉、企业微信机器人或 Bark 等的地址填入 NOTIFY_URL。",
        "at its first failed attempt: it goes on trying for hours": "第一次尝试失败就通知：它会继续尝试好几个小时",
        "The image with OpenClaw, Node, Python and Hexo is built from shipkeeper's repository and pushed to a registry of your own:":
            "带 OpenClaw、Node、Python 和 Hexo 的镜像，在 shipkeeper 的仓库里构建，推送到你自己的镜像仓库：",
        "A private dataset of your own: HF_DATASET, such as alice/backup; and the secret HF_TOKEN, which may write to it and to nothing else.":
            "你自己的私有数据集：变量 HF_DATASET，如 alice/backup；以及密钥 HF_TOKEN，只能写这个数据集。",
        "A private bucket of Aliyun OSS: BACKUP_REGION and BACKUP_BUCKET; and the secrets OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.":
            "阿里云 OSS 的私有 Bucket：变量 BACKUP_REGION 和 BACKUP_BUCKET；以及密钥 OSS_ACCESS_KEY_ID 和 OSS_ACCESS_KEY_SECRET。",
        "A private bucket of S3, R2 or MinIO: BACKUP_REGION, BACKUP_BUCKET, BACKUP_ENDPOINT; and the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.":
            "S3、R2 或 MinIO 的私有 Bucket：变量 BACKUP_REGION、BACKUP_BUCKET、BACKUP_ENDPOINT；以及密钥 AWS_ACCESS_KEY_ID 和 AWS_SECRET_ACCESS_KEY。",
        "A folder that outlives the container, such as a volume or a mounted share of another machine.": "容器没了也还在的文件夹，如卷或其他机器的共享。",
        "Backups are encrypted with the secret RESTIC_PASSWORD. Keep a copy of it outside of this platform: without it, backups can't be read.":
            "备份用密钥 RESTIC_PASSWORD 加密。在平台之外另存一份：没有它，备份就读不出来。",
        "Keep a copy of it elsewhere: without it, backups can't be read.": "在别处另存一份：没有它，备份就读不出来。",
        "A Render Blueprint: Render reads it from the root of your repository. Beside it lie Dockerfile and shipkeeper.yaml.":
            "Render 的 Blueprint：Render 从仓库的根目录读取它。Dockerfile 和 shipkeeper.yaml 在同一目录。",
        "\"sync: false\" means: not in this file; Render asks for the value when the Blueprint is made, and keeps it to itself.":
            "\"sync: false\" 表示值不在这个文件里：新建 Blueprint 时 Render 会询问，并自己保存。",
        "can't be changed later": "以后不能改",
        "never two on one repository": "同一个仓库绝不能有两个实例",
        "with a disk, Render stops the old container before it starts the new one": "有磁盘时，Render 先停止旧容器，再启动新容器",
        "No maxShutdownDelaySeconds: the default is 30 s, and it is said to be refused for services with a disk.":
            "没有写 maxShutdownDelaySeconds：默认 30 秒；据报告带磁盘的服务不接受它。",
        "512 MB of memory": "512 MB 内存",
        "2 GB of memory: less is too little for this app": "2 GB 内存：再少这个应用就不够用",
        "Fly reads this file; beside it lie Dockerfile and shipkeeper.yaml. Put your own app name and region in.":
            "Fly 读取这个文件；Dockerfile 和 shipkeeper.yaml 在同一目录。写上你自己的应用名和区域。",
        "The default is SIGINT and 5 seconds. shipkeeper stops at both signals alike; what it needs is time for the last backup.":
            "默认是 SIGINT 和 5 秒。两种信号 shipkeeper 都会停止；它需要的是最后一次备份的时间。",
        "It can't see this value, so shipkeeper.yaml says it too: stop_budget.": "它看不到这个值，所以 shipkeeper.yaml 里也写了：stop_budget。",
        "one machine: the old one stops, then the new one starts": "只有一台机器：先停旧的，再启动新的",
        "a long restore, and a slow first start": "恢复可能很久，第一次启动也慢",
        "the app has work of its own, and backups are made while nobody visits": "应用自己有事要做，没有人访问时也要备份",
        "shipkeeper.yaml says it too: stop_budget": "shipkeeper.yaml 里也写了：stop_budget",
        "this machine only; a web server with HTTPS stands before it for the rest of the world": "只在本机；要从外面访问，前面放一个带 HTTPS 的 Web 服务器",
        "Compose reads this file by itself: the image that Dockerfile begins with.": "Compose 会自动读取这个文件：Dockerfile 开头用的镜像。",
        "Optional:": "可选：",
        "declare it in \"secrets\" above, and grant it to \"gateway\" below": "在上面的 \"secrets\" 里声明，并在下面授予 \"gateway\"",
    ]
}
