extension App {
    /// Workflows.
    static let n8n = App(
        name: "n8n", title: "n8n", service: "n8n", port: 7860, data: "/data",
        secrets: [
            Variable(
                "N8N_ENCRYPTION_KEY", "32 random characters",
                Text("openssl rand -hex 16 makes one; keep a copy, and never change it", "用 openssl rand -hex 16 生成；另存一份，永远不要改"), canBeMade: true)
        ],
        optional: [Variable("PUBLIC_URL", "https://n8n.example.com")], memory: "2g",
        configuration: #"""
            # n8n with its SQLite database.
            #
            # Set in the container the secret N8N_ENCRYPTION_KEY, 32 random characters, for ever the same; and what the repository below needs.
            version: 1
            {head}

            {repositories}

            jobs:
              restore:
                type: restore
                on: boot
                with: { repository: main, path: /data/.n8n, give_up_after: 10m }

              n8n:
                type: service
                needs: restore
                secrets: [N8N_ENCRYPTION_KEY]            # without it n8n is not started: it would make up a key, and the stored logins would be lost
                env:
                  N8N_USER_FOLDER: /data                 # n8n makes .n8n in it
                  N8N_LISTEN_ADDRESS: 127.0.0.1
                  N8N_PORT: "5678"
                  N8N_PROXY_HOPS: "1"                    # nginx
                  WEBHOOK_URL: "${SHIPKEEPER_PUBLIC_URL}/"
                  N8N_EDITOR_BASE_URL: "${SHIPKEEPER_PUBLIC_URL}/"
                  N8N_BLOCK_ENV_ACCESS_IN_NODE: "true"   # workflows can't read the environment
                  N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: "true"
                  DB_TYPE: sqlite
                  EXECUTIONS_DATA_PRUNE: "true"
                  EXECUTIONS_DATA_MAX_AGE: "168"         # hours; keeps the database, and so each backup, small
                  NODE_OPTIONS: --max-old-space-size=1024
                with:
                  command: [n8n, start]
                  ready: { http: "http://127.0.0.1:5678/healthz/readiness", fallback: [/healthz], within: 15m }    # an update migrates first
                  live: { http: "http://127.0.0.1:5678/healthz", every: 15s, failures: 8 }
                  stop: { signal: SIGTERM, grace: 15s }

              backup:
                type: backup
                on: { every: 1h, stop: true }
                needs: restore
                retry: { attempts: 3, backoff: 30s..5m }
                with:
                  repository: main
                  path: /data/.n8n
                  exclude: ["/nodes/node_modules/", "*.log", "/.cache/"]      # as in a .gitignore in that folder

              verify:                                # each night: checks the repository; once a month restores all of it into a temporary folder
                type: verify
                on: { cron: "30 4 * * *" }
                needs: restore
                with: { repository: main, data: 5%, drill: 30d }
            """#,
        dockerfile: #"""
            # n8n with shipkeeper as its first process. Build and push shipkeeper's slim image first, in its repository:
            #   docker build --platform linux/amd64 -f Dockerfile.slim -t ghcr.io/alice/shipkeeper:slim . && docker push ghcr.io/alice/shipkeeper:slim
            # (n8n's own image is Alpine, and shipkeeper needs glibc; so n8n comes from npm here.)
            ARG SHIPKEEPER_IMAGE
            FROM ${SHIPKEEPER_IMAGE} AS shipkeeper

            FROM node:22-bookworm AS app
            ARG N8N_VERSION=2.30.0
            RUN npm install --global "n8n@${N8N_VERSION}"

            FROM node:22-bookworm-slim
            RUN apt-get update \
                && apt-get install -y --no-install-recommends ca-certificates git libcurl4 libsqlite3-0 nginx-light tzdata zlib1g \
                && rm -rf /var/lib/apt/lists/* \
                && mkdir -p /data /var/lib/shipkeeper \
                && chown -R 1000:0 /data /var/lib/shipkeeper \
                && chmod -R g=u /data /var/lib/shipkeeper
            COPY --from=app /usr/local/lib/node_modules/n8n /usr/local/lib/node_modules/n8n
            RUN ln -s ../lib/node_modules/n8n/bin/n8n /usr/local/bin/n8n
            COPY --from=shipkeeper /usr/local/bin/shipkeeper /usr/local/bin/
            COPY shipkeeper.yaml /etc/shipkeeper/
            ENV NODE_ENV=production HOME=/data PORT=7860
            WORKDIR /data
            EXPOSE 7860
            HEALTHCHECK --interval=1m --timeout=10s --start-period=15m --retries=5 CMD ["/usr/local/bin/shipkeeper", "status"]
            ENTRYPOINT ["/usr/local/bin/shipkeeper", "run"]
            """#)
}
