extension App {
    /// Any program.
    static let anyCommand = App(
        name: "command", title: "app", port: 7860, data: "/data", memory: "512m", healthPath: "/",
        configuration: #"""
            # Any app whose disk is lost at every restart. The one here is a web server in the folder that is kept: put your own command in its place.
            # Set in the container what the repository below needs.
            version: 1
            {secrets}

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
                with:
                  command: [python3, -u, -m, http.server, "${SHIPKEEPER_PORT}", --directory, "${APP_FOLDER:-/data}"]
                  ready: { http: "http://127.0.0.1:${SHIPKEEPER_PORT}/", within: 5m }
                  live: { http: "http://127.0.0.1:${SHIPKEEPER_PORT}/", every: 10s, failures: 5 }

              backup:                        # only when something has changed, and once more at the very end
                type: backup
                on: { every: 30m, stop: true }
                needs: first
                retry: { attempts: 3, backoff: 30s..5m }
                with: { repository: main, path: "${APP_FOLDER:-/data}", exclude: ["node_modules/", "*.tmp"] }
            """#,
        dockerfile: #"""
            # Any app with shipkeeper as its first process. Build shipkeeper's slim image first, in its repository:
            #   docker build --platform linux/amd64 -f Dockerfile.slim -t ghcr.io/alice/shipkeeper:slim . && docker push ghcr.io/alice/shipkeeper:slim
            ARG SHIPKEEPER_IMAGE
            FROM ${SHIPKEEPER_IMAGE} AS shipkeeper

            FROM debian:bookworm-slim
            RUN apt-get update \
                && apt-get install -y --no-install-recommends ca-certificates libcurl4 libsqlite3-0 python3 tzdata zlib1g \
                && rm -rf /var/lib/apt/lists/* \
                && mkdir -p /data /var/lib/shipkeeper \
                && chown -R 1000:0 /data /var/lib/shipkeeper \
                && chmod -R g=u /data /var/lib/shipkeeper
            COPY --from=shipkeeper /usr/local/bin/shipkeeper /usr/local/bin/
            COPY shipkeeper.yaml /etc/shipkeeper/
            ENV HOME=/data PORT=7860
            WORKDIR /data
            EXPOSE 7860
            ENTRYPOINT ["/usr/local/bin/shipkeeper", "run"]

            """#)
}
