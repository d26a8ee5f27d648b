extension App {
    /// A monitor of other sites.
    static let uptimeKuma = App(
        name: "uptime-kuma", title: "kuma", service: "kuma", port: 3001, data: "/app/data", optional: [Variable("PUBLIC_URL", "https://kuma.example.com")],
        memory: "512m",
        configuration: #"""
            # Uptime Kuma with its SQLite database.
            version: 1
            {head}

            {repositories}

            jobs:
              restore:                       # a fresh volume gets the newest backup before the app starts
                type: restore
                on: boot
                with: { repository: main, path: /app/data }

              kuma:
                type: service
                needs: restore
                env:
                  DATA_DIR: /app/data/       # the slash at the end belongs there
                  UPTIME_KUMA_HOST: 127.0.0.1
                  UPTIME_KUMA_PORT: "3002"
                  UPTIME_KUMA_DB_TYPE: sqlite          # version 2 would ask at the first start otherwise
                  UPTIME_KUMA_IS_CONTAINER: "1"
                with:
                  command: [node, server/server.js]
                  cwd: /app
                  ready: { http: "http://127.0.0.1:3002/", within: 10m }     # an update may migrate the database first
                  live: { http: "http://127.0.0.1:3002/", every: 15s, failures: 8 }
                  stop: { signal: SIGTERM, grace: 8s }

              backup:                        # the database changes all the time, so each of these stores something: not too often
                type: backup
                on: { every: 6h, stop: true }
                needs: restore
                retry: { attempts: 3, backoff: 30s..5m }
                with: { repository: main, path: /app/data }

              verify:                      # each night: checks the repository; once a month restores all of it into a temporary folder
                type: verify
                on: { cron: "30 4 * * *" }
                needs: restore
                with: { repository: main, data: 5%, drill: 30d }
            """#,
        dockerfile: #"""
            # Uptime Kuma with shipkeeper as its first process. Build shipkeeper's slim image first:
            #   docker build -f Dockerfile.slim -t shipkeeper:slim .      (in shipkeeper's repository)
            ARG SHIPKEEPER_IMAGE=shipkeeper:slim
            ARG KUMA_VERSION=2.5.5
            FROM ${SHIPKEEPER_IMAGE} AS shipkeeper

            FROM louislam/uptime-kuma:${KUMA_VERSION}
            USER root
            RUN apt-get update \
                && apt-get install -y --no-install-recommends ca-certificates libcurl4 libsqlite3-0 nginx-light tzdata zlib1g \
                && rm -rf /var/lib/apt/lists/* \
                && mkdir -p /var/lib/shipkeeper /app/data \
                && chown -R 1000:0 /var/lib/shipkeeper /app/data \
                && chmod -R g=u /var/lib/shipkeeper /app/data
            COPY --from=shipkeeper /usr/local/bin/shipkeeper /usr/local/bin/
            COPY shipkeeper.yaml /etc/shipkeeper/
            ENV PORT=3001
            HEALTHCHECK --interval=1m --timeout=10s --start-period=5m --retries=5 CMD ["/usr/local/bin/shipkeeper", "status"]
            ENTRYPOINT ["/usr/local/bin/shipkeeper", "run"]
            """#)
}
