extension App {
    /// Any program. Without one, a page says where to put it: never the folder with the data.
    package static func command(_ program: AppProgram?) -> App {
        let inner = program?.port ?? innerPort
        let address = "http://127.0.0.1:\(inner)\(program?.health ?? "/")"
        let outer = outerPorts.first { $0 != inner } ?? inner
        let start = program.map(start) ?? placeholder
        var app = App(
            name: "command", title: "app", service: "app", port: outer, data: "/data", memory: "512m",
            configuration: #"""
                # Any app whose disk is lost at every restart.\#(program == nil ? " Put your own command in the place of the page under \"app\"." : "")
                # Set in the container what the repository below needs.
                version: 1
                {head}

                {repositories}

                jobs:
                  restore:                       # nothing else starts before the data are back
                    type: restore
                    on: boot
                    with: { repository: main, path: "${APP_FOLDER:-/data}", give_up_after: 10m }

                  first:                         # the very first time there is nothing to restore
                    type: command
                    on: boot
                    needs: restore
                    with: { shell: 'mkdir -p "${APP_FOLDER:-/data}"' }

                  app:
                    type: service
                    needs: first
                    env: { PORT: "\#(inner)" }    # nginx passes visitors on to this port
                \#(start)
                      ready: { http: "\#(address)", within: 5m }
                      live: { http: "\#(address)", every: 10s, failures: 5 }

                  backup:                        # only when something has changed, and once more at the very end
                    type: backup
                    on: { every: 30m, stop: true }
                    needs: first
                    retry: { attempts: 3, backoff: 30s..5m }
                    with: { repository: main, path: "${APP_FOLDER:-/data}", exclude: ["node_modules/", "*.tmp"] }

                  verify:                      # each night: checks the repository; once a month restores all of it into a temporary folder
                    type: verify
                    on: { cron: "30 4 * * *" }
                    needs: restore
                    with: { repository: main, data: 5%, drill: 30d }
                """#,
            dockerfile: dockerfile(program, port: outer))
        app.options = program?.options ?? []
        if program != nil { app.ignoredByDocker = [".git", ".env", "*.env", "node_modules", "backups"] }
        return app
    }

    /// The port of a program that listens on `PORT`.
    private static let innerPort = 8000
    /// The public port, where the program does not need the first of them.
    private static let outerPorts = [7860, 8080]

    /// The first lines of the service's settings.
    private static func start(_ program: AppProgram) -> String { "    with:\n      \(program.line)\n      cwd: ${APP_CODE:-/app}" }

    /// A web server for one page, which is created at each start in a folder of its own.
    private static let placeholder = #"""
            with:
              # Your own command goes here, such as [node, server.js]; it must listen on $PORT. This one shows a page that says so.
              shell: |
                mkdir -p "${PAGE_FOLDER:-/tmp/placeholder}" && cd "${PAGE_FOLDER:-/tmp/placeholder}"
                echo '<!doctype html><meta charset="utf-8"><title>shipkeeper</title>' > index.html
                echo '<h1>It works</h1><p>Put your command into shipkeeper.yaml, under "app", and deploy again.</p>' >> index.html
                echo '<p>把你的命令写进 shipkeeper.yaml 的 "app"，然后重新部署。</p>' >> index.html
                exec python3 -u -m http.server "$PORT" --bind 127.0.0.1
        """#

    private static func dockerfile(_ program: AppProgram?, port: Int) -> String {
        let packages = "ca-certificates libcurl4 libsqlite3-0 nginx-light \(program == nil ? "python3 " : "")tzdata zlib1g"
        let code =
            program.map { program in
                """
                # Your app's files. What it needs beside them is installed here, for example:
                # \(program.preparation)
                WORKDIR /app
                COPY . .

                """
            } ?? "WORKDIR /data\n"
        return #"""
            # Any app with shipkeeper as its first process. Build shipkeeper's slim image first, in its repository:
            #   docker build --platform linux/amd64 -f Dockerfile.slim -t ghcr.io/alice/shipkeeper:slim . && docker push ghcr.io/alice/shipkeeper:slim
            ARG SHIPKEEPER_IMAGE
            FROM ${SHIPKEEPER_IMAGE} AS shipkeeper

            FROM \#(program?.image ?? "debian:bookworm-slim")
            RUN apt-get update \
                && apt-get install -y --no-install-recommends \#(packages) \
                && rm -rf /var/lib/apt/lists/* \
                && mkdir -p /data /var/lib/shipkeeper \
                && chown -R 1000:0 /data /var/lib/shipkeeper \
                && chmod -R g=u /data /var/lib/shipkeeper
            COPY --from=shipkeeper /usr/local/bin/shipkeeper /usr/local/bin/
            COPY shipkeeper.yaml /etc/shipkeeper/
            ENV HOME=/data PORT=\#(port)
            \#(code)EXPOSE \#(port)
            HEALTHCHECK --interval=1m --timeout=10s --start-period=5m --retries=5 CMD ["/usr/local/bin/shipkeeper", "status"]
            ENTRYPOINT ["/usr/local/bin/shipkeeper", "run"]
            """#
    }
}
