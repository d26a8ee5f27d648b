extension App {
    /// The assistant gateway with MiniMax models and a Hexo blog.
    static let openClaw = App(
        name: "openclaw", title: "assistant", service: "gateway", port: 7860, data: "/root",
        secrets: [
            Variable(
                "OPENCLAW_GATEWAY_TOKEN", "a-long-random-text",
                Text("what you type to log in; openssl rand -hex 32 makes one", "登录时要输入的令牌；用 openssl rand -hex 32 生成"), canBeMade: true),
            Variable(
                "MINIMAX_API_KEY", "sk-…", Text("the key of the models", "模型的密钥"),
                link: "https://platform.minimaxi.com/user-center/basic-information/interface-key"),
        ],
        optional: [
            Variable("PUBLIC_URL", "https://chat.example.com"), Variable("APPROVE_DEVICES", "true"), Variable("BLOG", "true"),
            Variable("OSS_REGION", "oss-cn-hangzhou"), Variable("OSS_BUCKET", "my-blog"), Variable("SITE_URL", "https://blog.example.com"),
        ],
        optionalSecrets: ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "NOTIFY_URL"], memory: "2g",
        configuration: #"""
            # OpenClaw with MiniMax models, and a Hexo blog, in a container whose disk is lost at every restart.
            # The same file works on every platform; GUIDE.md beside it goes through it step by step.
            #
            # Set in the container as secrets:     OPENCLAW_GATEWAY_TOKEN    what you type to log in
            #                                      MINIMAX_API_KEY
            #                                      SHIPKEEPER_TOKEN          opens the status page, /-/
            # and what the repository below needs. Optional variables:
            #                                      PUBLIC_URL                the app's address, where the platform does not tell it
            #                                      APPROVE_DEVICES           true while a new browser may connect
            #                                      BLOG                      true to publish; with OSS_REGION, OSS_BUCKET, SITE_URL
            #                                      NOTIFY                    true to be told of failures; with the secret NOTIFY_URL
            #                                      ON_RESTORE_FAILURE        start_locked to start without the data, and without backups
            #                                      MINIMAX_BASE_URL          at the first start; https://api.minimax.io/anthropic outside China
            #                                      GATEWAY_PORT              at which nginx asks the gateway, 18789
            #                                      GATEWAY_MEMORY            beyond which it is restarted at a quiet moment, 75% of the container's; GATEWAY_HEAP_MB, 1536
            #                                      DISABLE_DEVICE_AUTH       true, versions up to 2026.7: the token alone is enough
            #                                      SHIPKEEPER_SAFE_MODE      1 to start nothing at all
            version: 1
            timezone: ${TZ:-Asia/Shanghai}
            {head}

            {repositories}

            # Run them by "shipkeeper action NAME", or by a button of the status page where a "front" has one.
            actions:
              devices:
                label: Devices that wait, and those that are approved
                command: ["${OPENCLAW_PROGRAM:-openclaw}", devices, list]
                secrets: [OPENCLAW_GATEWAY_TOKEN]
              approve-device:
                label: Approve a device
                argument: Request id                         # as "devices" lists it
                command: ["${OPENCLAW_PROGRAM:-openclaw}", devices, approve]
                secrets: [OPENCLAW_GATEWAY_TOKEN]

            jobs:
              # Nothing starts before the data are back. Backups stay locked when they are not.
              restore:
                type: restore
                on: boot
                retry: { attempts: 100, backoff: 30s..10m }
                with:
                  repository: main
                  base: "${HOME}"
                  paths: [.openclaw]
                  optional: [.config/openclaw]               # where newer versions keep the key to their logins
                  on_failure: ${ON_RESTORE_FAILURE:-wait}
                  owner: running                             # whoever runs here now, be it root or user 1000

              # The keys that must be right here. All else in openclaw.json is yours, and what your version does not know is left out.
              settings:
                type: json-merge
                on: boot
                needs: restore
                timeout: 10m
                with:
                  file: "${HOME}/.openclaw/openclaw.json"
                  merge:
                    gateway:
                      mode: local
                      port: ${GATEWAY_PORT:-18789}
                      bind: loopback                         # nginx is in front of it
                      auth: { mode: token, token: null }     # the token comes from the environment, and stands in no file
                      controlUi:
                        dangerouslyDisableDeviceAuth: ${DISABLE_DEVICE_AUTH:-false}    # true lets everybody in who has the token; versions since 2026.8 ignore it
                      terminal: { enabled: false }           # else the console is a shell of this container
                  defaults:                                  # only where nothing stands yet: change them in the console
                    models:
                      mode: merge
                      providers:
                        minimax:
                          api: anthropic-messages
                          baseUrl: "${MINIMAX_BASE_URL:-https://api.minimaxi.com/anthropic}"    # outside China: https://api.minimax.io/anthropic
                          apiKey: "$${MINIMAX_API_KEY}"      # the name, not the key: the gateway takes it from its environment
                          models:
                            - { id: MiniMax-M2.7, name: MiniMax M2.7, reasoning: true, contextWindow: 204800, maxTokens: 131072 }
                            - { id: MiniMax-M2.7-highspeed, name: MiniMax M2.7 highspeed, reasoning: true, contextWindow: 204800, maxTokens: 131072 }
                        # A relay with the same interface goes beside it:
                        # cloud:
                        #   api: anthropic-messages
                        #   baseUrl: https://relay.example.com
                        #   apiKey: "$${RELAY_API_KEY}"      # declare it in "secrets" above, and grant it to "gateway" below
                        #   models:
                        #     - { id: MiniMax, name: MiniMax, reasoning: true, contextWindow: 200000, maxTokens: 131072, cost: { input: 4.2, output: 16.8, cacheRead: 0.42, cacheWrite: 2.625 } }
                    agents:
                      defaults:
                        model: { primary: minimax/MiniMax-M2.7 }
                        models: { minimax/MiniMax-M2.7: {}, minimax/MiniMax-M2.7-highspeed: {} }
                  union:
                    gateway.controlUi.allowedOrigins: ["${SHIPKEEPER_PUBLIC_URL}"]
                    gateway.trustedProxies: ["127.0.0.1", "::1"]    # nginx, which says who a visitor is
                  validate:
                    command: ["${OPENCLAW_PROGRAM:-openclaw}", config, validate]
                    env: { OPENCLAW_CONFIG_PATH: "{file}" }

              # So that the assistant knows how to look after this place.
              skill:
                type: command
                on: boot
                needs: restore
                with: { shell: 'mkdir -p "$HOME/.openclaw/skills" && cp -R "${SHIPKEEPER_SKILLS:-/usr/local/share/shipkeeper/skills}/." "$HOME/.openclaw/skills/"' }

              gateway:
                type: service
                needs: settings
                secrets: [OPENCLAW_GATEWAY_TOKEN, MINIMAX_API_KEY]    # and no others: whatever the assistant runs can read them
                env:
                  OPENCLAW_NO_RESPAWN: "1"                   # it restarts in its own process
                  OPENCLAW_SUPERVISOR_MODE: external
                  OPENCLAW_SERVICE_REPAIR_POLICY: external
                  OPENCLAW_NO_AUTO_UPDATE: "1"
                  OPENCLAW_DISABLE_BONJOUR: "1"
                  OPENCLAW_EXEC_SHELL_SNAPSHOT: "0"
                  NODE_OPTIONS: --max-old-space-size=${GATEWAY_HEAP_MB:-1536}
                  INVOCATION_ID:                             # taken away: the gateway would think that systemd looks after it
                  JOURNAL_STREAM:
                  SYSTEMD_EXEC_PID:
                with:
                  command: ["${OPENCLAW_PROGRAM:-openclaw}", gateway, --port, "${GATEWAY_PORT:-18789}", --bind, loopback]
                  # /readyz is no good here: it says no as long as any chat channel has trouble.
                  ready: { http: "http://127.0.0.1:${GATEWAY_PORT:-18789}/startupz", fallback: [/healthz], within: 10m }
                  live: { http: "http://127.0.0.1:${GATEWAY_PORT:-18789}/healthz", every: 10s, timeout: 5s, failures: 5 }
                  restart: { backoff: 5s..60s, give_up_after: 10 in 10m }
                  adopt_port: ${GATEWAY_PORT:-18789}         # versions up to 2026.4 may leave a process behind when they restart themselves
                  exit_rules:
                    0: restart_now                           # it asked for a restart
                    1: { run: &doctor 'cd "$HOME/.openclaw" && cp -p openclaw.json openclaw.json.before-doctor; "${OPENCLAW_PROGRAM:-openclaw}" doctor --fix --yes --non-interactive', after: 3, then: restart }
                    78: { run: *doctor, then: give_up }      # it does not like its settings
                  stop: { signal: SIGTERM, grace: 20s }
                  memory_limit: { limit: "${GATEWAY_MEMORY:-75%}", quiet: 2m, within: 1h }
                  clean_before_first_start: { folder: "${HOME}/.openclaw", patterns: ["*.lock", "*.pid", "*.sock"] }

              backup:
                type: backup
                on: { every: 30m, stop: true }
                needs: restore
                retry: { attempts: 3, backoff: 30s..5m }
                with:
                  repository: main
                  base: "${HOME}"
                  paths: [.openclaw]
                  optional: [.config/openclaw]
                  exclude: &rebuilt                          # what is made anew, in the manner of a .gitignore in each of the two folders
                    - node_modules/
                    - "*.tmp"
                    - /openclaw.json.clobbered.*
                    - /openclaw-quarantine.sqlite
                    - /cache/
                    - /cron/runs/
                    - /delivery-queue/
                    - /dev/
                    - /git/
                    - /logs/
                    - /npm/
                    - /npm-runtime/
                    - /plugin-runtime-deps/
                    - /plugin-skills/
                    - /session-delivery-queue/
                    - /tmp/
                    - /tools/

              # Each night: checks the structure of the repository, reads a part of the data, and once a month restores all of it into a temporary folder.
              verify:
                type: verify
                on: { cron: "30 4 * * *" }
                needs: restore
                with: { repository: main, data: 5%, drill: 30d }

              # Counts only what comes back in from outside. Whether the platform takes it for a visit is written nowhere: a monitor outside is the sure way, see the guide.
              keepalive:
                type: keepalive
                on: { every: 5m }
                with: { url: "${SHIPKEEPER_PUBLIC_URL}/-/healthz", method: HEAD }

              # Each new browser must be let in once, and there is no shell to do that. Whoever has the token and the address gets in meanwhile.
              devices:
                type: openclaw-devices
                enabled: ${APPROVE_DEVICES:-false}
                on: { every: 30s }
                needs: gateway
                secrets: [OPENCLAW_GATEWAY_TOKEN]
                with: { program: "${OPENCLAW_PROGRAM:-openclaw}" }

              # Two minutes after the last change of a post; or at once: shipkeeper start blog --wait
              blog:
                type: hexo
                enabled: ${BLOG:-false}
                on: { watch: "${HOME}/.openclaw/workspace/blog/source", debounce: 2m }
                needs: restore
                timeout: 30m
                with:
                  site: "${HOME}/.openclaw/workspace/blog"
                  install: if [ -f package-lock.json ]; then npm ci; else npm install; fi
                  deploy:
                    type: oss
                    region: "${OSS_REGION:-oss-cn-hangzhou}"
                    bucket: "${OSS_BUCKET:-my-blog}"
                    host: ${OSS_HOST:-public}                  # cname with OSS_ENDPOINT, a domain of your own; internal within the region
                    endpoint: ${OSS_ENDPOINT:-}
                    access_key_id: "${OSS_ACCESS_KEY_ID}"          # here, and not under "secrets": what the site's own programs run can't read them
                    access_key_secret: "${OSS_ACCESS_KEY_SECRET}"
                  probe: ${SITE_URL:-}

              # A message for each problem, and one when it is over: paste the address of a chat's robot, or of Bark, Slack, Telegram and others, into NOTIFY_URL.
              notify:
                type: notify
                enabled: ${NOTIFY:-false}
                on:
                  after:
                    - { job: "*", outcome: [problem, recovered] }
                    - { job: restore, outcome: failing }        # at its first failed attempt: it goes on trying for hours
                with: { url: "${NOTIFY_URL}" }
            """#,
        dockerfile: #"""
            # The image with OpenClaw, Node, Python and Hexo is built from shipkeeper's repository and pushed to a registry of your own:
            #   docker build --platform linux/amd64 -t ghcr.io/alice/assistant:2026-11 . && docker push ghcr.io/alice/assistant:2026-11
            ARG SHIPKEEPER_IMAGE
            FROM ${SHIPKEEPER_IMAGE}
            COPY shipkeeper.yaml /etc/shipkeeper/

            """#)
}
