extension Hosting {
    static func spaceReadme(_ recipe: Recipe) -> String {
        """
        ---
        title: My \(recipe.app.title)
        emoji: 🚢
        colorFrom: blue
        colorTo: green
        sdk: docker
        app_port: \(recipe.app.port)
        pinned: false
        startup_duration_timeout: 1h
        termination_grace_period: 1m
        ---

        # My \(recipe.app.title)

        Looked after by shipkeeper: its data come back at every start, are stored again on a schedule and once more at the end, and it is kept running.

        - **Use it:** open the Space's own address, `https://USER-SPACE.hf.space/`, in a tab of its own; some apps stay blank in the frame of this page.
        - **How it is:** see the container's log on this page.

        Nothing secret belongs in this repository. Tokens and keys are *secrets* in the Space's settings.

        由 shipkeeper 照看：每次启动时取回数据，定时备份，停止时再备份一次，并让应用保持运行。请在单独的标签页打开 `https://USER-SPACE.hf.space/`；
        状态看本页的容器日志。不要在这个仓库里放任何密钥，令牌和密钥放在 Space 设置的 Secrets 里。

        """
    }

    static func modelScope(_ recipe: Recipe) -> String {
        """
        {
          "$schema": "https://modelscope.cn/api/v1/studios/deploy_schema.json",
          "sdk_type": "docker",
          "resource_configuration": "platform/2v-cpu-16g-mem",
          "port": \(recipe.app.port)
        }

        """
    }

    static func railway(_ recipe: Recipe) -> String {
        """
        {
          "$schema": "https://railway.com/railway.schema.json",
          "build": {
            "builder": "DOCKERFILE",
            "dockerfilePath": "Dockerfile"
          },
          "deploy": {
            "healthcheckPath": "\(Recipe.healthPath)",
            "healthcheckTimeout": 900,
            "restartPolicyType": "ON_FAILURE",
            "restartPolicyMaxRetries": 10
          }
        }

        """
    }

    static func render(_ recipe: Recipe) -> String {
        let asked = recipe.variables.map { "- { key: \($0.name), sync: false }" }
        let secrets = recipe.secrets.map { "- { key: \($0.name), \($0.canBeMade ? "generateValue: true" : "sync: false") }" }
        let optional = recipe.app.optional.map { "# - { key: \($0.name), value: \"\($0.example)\" }" }
        let plan =
            recipe.app.memory == "512m" ? "starter              # 512 MB of memory" : "standard             # 2 GB of memory: less is too little for this app"
        return """
            # A Render Blueprint: Render reads it from the root of your repository. Beside it lie Dockerfile and shipkeeper.yaml.
            # "sync: false" means: not in this file; Render asks for the value when the Blueprint is made, and keeps it to itself.
            services:
              - type: web
                name: \(recipe.app.title)
                runtime: docker
                dockerfilePath: ./Dockerfile
                plan: \(plan)
                region: singapore           # can't be changed later
                numInstances: 1             # never two on one repository
                healthCheckPath: \(Recipe.healthPath)
                disk:                       # with a disk, Render stops the old container before it starts the new one
                  name: shipkeeper
                  mountPath: /var/lib/shipkeeper
                  sizeGB: 1
                # No maxShutdownDelaySeconds: the default is 30 s, and it is said to be refused for services with a disk.
                envVars:
                  - { key: SHIPKEEPER_IMAGE, sync: false }
                  - { key: PORT, value: "\(recipe.app.port)" }
            \((asked + secrets + optional).map { "      \($0)" }.joined(separator: "\n"))

            """
    }

    static func fly(_ recipe: Recipe) -> String {
        let variables = recipe.variables.map { "  \($0.name) = \"\($0.example)\"" }
        let optional = recipe.app.optional.map { "  # \($0.name) = \"\($0.example)\"" }
        let secrets = recipe.secrets.map(\.name).joined(separator: ", ")
        let hidden =
            secrets.isEmpty
            ? Text("This app has no secrets.", "这个应用没有密钥。")
            : Text("Secrets are in no file: fly secrets set NAME=… for \(secrets)", "密钥不写进文件：用 fly secrets set NAME=… 设 \(secrets)")
        return """
            # Fly reads this file; beside it lie Dockerfile and shipkeeper.yaml. Put your own app name and region in.
            # \(hidden[recipe.language])
            app = "alice-\(recipe.app.title)"
            primary_region = "sin"

            # The default is SIGINT and 5 seconds. shipkeeper stops at both signals alike; what it needs is time for the last backup.
            # It can't see this value, so shipkeeper.yaml says it too: stop_budget.
            kill_signal = "SIGTERM"
            kill_timeout = 30

            [build]
              dockerfile = "Dockerfile"

            [build.args]
              SHIPKEEPER_IMAGE = "ghcr.io/alice/\(recipe.app.image)"

            [deploy]
              strategy = "rolling"          # one machine: the old one stops, then the new one starts
              wait_timeout = "15m"          # a long restore, and a slow first start

            [env]
              PORT = "\(recipe.app.port)"
            \((variables + optional).joined(separator: "\n"))

            [http_service]
              internal_port = \(recipe.app.port)
              force_https = true
              auto_stop_machines = "off"    # the app has work of its own, and backups are made while nobody visits
              auto_start_machines = true
              min_machines_running = 1

              [http_service.concurrency]
                type = "connections"
                soft_limit = 200
                hard_limit = 250

              [[http_service.checks]]
                method = "GET"
                path = "\(Recipe.healthPath)"
                interval = "30s"
                timeout = "5s"
                grace_period = "5m"

            [[vm]]
              size = "shared-cpu-2x"
              memory = "\(recipe.app.memory)b"

            """
    }

    static func compose(_ recipe: Recipe) -> String {
        let (title, port) = (recipe.app.title, recipe.app.port)
        let beside = Text(
            "Next to this file are Dockerfile, shipkeeper.yaml, .env and \(title).env (from \(title).env.example).",
            "同一目录里有 Dockerfile、shipkeeper.yaml、.env 和 \(title).env（由 \(title).env.example 复制而来）。")
        let backups = recipe.store == .folder ? "\n      - ./backups:/backups" : ""
        return """
            # docker compose up -d --build      \(beside[recipe.language])
            services:
              \(title):
                build:
                  context: .
                  args:
                    SHIPKEEPER_IMAGE: ${SHIPKEEPER_IMAGE:?set it in .env to the image that you have built}
                restart: unless-stopped
                stop_grace_period: 30s            # shipkeeper.yaml says it too: stop_budget
                env_file: [\(title).env]
                ports:
                  - "127.0.0.1:\(port):\(port)"         # this machine only; a web server with HTTPS stands before it for the rest of the world
                volumes:
                  - data:\(recipe.app.data)
                  - state:/var/lib/shipkeeper\(backups)
                mem_limit: \(recipe.app.memory)

            volumes:
              data:
              state:

            """
    }

    /// What Compose itself reads: it asks for it with each of its commands.
    static func composeImage(_ recipe: Recipe) -> String {
        "# Compose reads this file by itself: the image that Dockerfile begins with.\nSHIPKEEPER_IMAGE=\(recipe.app.image)"
    }

    static func composeEnvironment(_ recipe: Recipe) -> String {
        let secrets = recipe.secrets.flatMap { secret in
            (secret.name == BackupFormat.password ? ["# Keep a copy of it elsewhere: without it, backups can't be read."] : []) + ["\(secret.name)="]
        }
        let needed = ["PORT=\(recipe.app.port)"] + recipe.variables.map { "\($0.name)=\($0.example)" } + secrets
        let optional = recipe.app.optional.map { "# \($0.name)=\($0.example)" } + recipe.app.optionalSecrets.map { "# \($0)=" }
        let more = optional.isEmpty ? "" : "\n# Optional:\n" + optional.joined(separator: "\n") + "\n"
        let file = "\(recipe.app.title).env"
        let head = Text("Copy to \(file), fill in, and: chmod 600 \(file). Never commit it.", "复制为 \(file)，填好，然后 chmod 600 \(file)。绝不要提交它。")
        return "# \(head[recipe.language])\n" + needed.joined(separator: "\n") + "\n" + more
    }
}
