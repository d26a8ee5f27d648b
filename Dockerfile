# shipkeeper with Node, OpenClaw, Hexo, Python and .NET: what an assistant gateway with a blog needs, in one container.
# (Dockerfile.slim has shipkeeper alone.) Needs Docker 23 or later (BuildKit), or buildah 1.28 or later.
#
#   docker build -t shipkeeper .                                          # compiles shipkeeper in a Swift image
#   ./run build && docker build --build-arg BINARY=prebuilt -t shipkeeper .   # takes the binary from here
#   docker build --target build --output dist .                           # only the binary, as dist/bin/shipkeeper
#
# Inside China, with mirrors of Debian, PyPI and npm:
#   docker build --build-arg APT_MIRROR=http://mirrors.aliyun.com --build-arg PIP_INDEX=https://mirrors.aliyun.com/pypi/simple \
#     --build-arg NPM_REGISTRY=https://registry.npmmirror.com -t shipkeeper .
#
# No secret belongs into a build argument: arguments can be read in the image's history. Tokens come when the container starts.
#
#   BINARY            build: compile it here; prebuilt: take PREBUILT from the build context
#   PREBUILT          where the ready-made binary lies in the build context
#   BUILDER_IMAGE     Swift 6.2 or later on the same Debian as the base: the binary is linked against its C library
#   BASE_IMAGE        Debian with Node 22 or later
#   RUN_AS            root, or 1000: who runs it where the platform does not say. HOME is /root for both, see below
#   CONFIG            the configuration that is baked in; another can be mounted over /etc/shipkeeper/shipkeeper.yaml
#   OPENCLAW_VERSION  pin the version you have tried: "latest" may change the format of the data overnight
#   OPENCLAW          what npm installs as OpenClaw; empty leaves it out
#   NPM_PACKAGES      the other global npm packages; empty leaves them out
#   PYTHON_PACKAGES   what pip installs; empty leaves them out
#   DOTNET            version of the .NET SDK (x64 only); empty leaves it out and saves some 700 MB
#   PACKAGES          local: the files of .build/packages are at /mnt/packages while npm and pip install, so that the three
#                     arguments above can name them, such as OPENCLAW=/mnt/packages/openclaw.tgz
#   APT_MIRROR        instead of http://deb.debian.org; stays in the image. http will do: the packages are signed
#   PIP_INDEX, NPM_REGISTRY, DOTNET_FEED   other places to download from; not kept in the image
#   VERSION, REVISION, SOURCE              go to the image's labels
ARG BINARY=build
ARG PREBUILT=.build/shipkeeper
ARG BUILDER_IMAGE=swift:6.2-bookworm
ARG BASE_IMAGE=node:22-bookworm-slim
ARG PACKAGES=none

# ---- The binary: compiled here, or brought along. Only the stage that BINARY names is built. ----

FROM ${BUILDER_IMAGE} AS compile
ARG APT_MIRROR=""
# hadolint ignore=DL3008
RUN set -eu; \
    if [ -n "$APT_MIRROR" ]; then find /etc/apt \( -name '*.sources' -o -name '*.list' \) -exec sed -i "s|http://deb.debian.org|$APT_MIRROR|" {} +; fi; \
    apt-get update; \
    apt-get install -y --no-install-recommends binutils musl-tools python3 libcurl4-openssl-dev libsqlite3-dev zlib1g-dev; \
    rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift run ./
COPY Sources Sources
COPY Plugins Plugins
COPY Tools Tools
# SwiftPM wants the folders of the test targets to be there. .dockerignore keeps their files out, so that a changed test compiles nothing anew.
COPY Tests Tests
RUN ./run build \
    && install -D .build/shipkeeper /result/bin/shipkeeper \
    && install -D -m 0644 Package.resolved /result/share/shipkeeper/Package.resolved

FROM scratch AS build
COPY --from=compile /result /

FROM scratch AS prebuilt
ARG PREBUILT
# A file uploaded in a browser has lost its executable bit.
COPY --chmod=0755 ${PREBUILT} /bin/shipkeeper

# hadolint ignore=DL3006
FROM ${BINARY} AS binary

# ---- Local packages, for where a registry can't be reached. ----

FROM scratch AS packages-none
# An empty stage can't be mounted everywhere.
COPY LICENSE /

FROM scratch AS packages-local
COPY .build/packages /

# hadolint ignore=DL3006
FROM packages-${PACKAGES} AS packages

# ---- The image. What changes seldom comes first. ----

FROM ${BASE_IMAGE}

ENV LANG=C.UTF-8 TZ=Asia/Shanghai
ARG APT_MIRROR=""
# nginx is what "front" needs; curl, jq and rsync are what the plug-ins call; procps is what the dev mode of a Hugging Face Space asks for. TZ counts for what inherits the
# environment, /etc/localtime for the rest.
# hadolint ignore=DL3008
RUN set -eu; \
    if [ -n "$APT_MIRROR" ]; then find /etc/apt \( -name '*.sources' -o -name '*.list' \) -exec sed -i "s|http://deb.debian.org|$APT_MIRROR|" {} +; fi; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      build-essential \
      ca-certificates \
      curl \
      g++ \
      git \
      gnupg \
      jq \
      libcurl4 \
      libsqlite3-0 \
      make \
      nginx-light \
      openssh-client \
      procps \
      python3 \
      python3-pip \
      python3-venv \
      rsync \
      sqlite3 \
      tzdata \
      wget \
      zlib1g; \
    rm -rf /var/lib/apt/lists/* /var/log/*; \
    ln -sf "/usr/share/zoneinfo/$TZ" /etc/localtime; \
    echo "$TZ" > /etc/timezone

# Microsoft's signed feed for the Debian at hand, so that dpkg knows the packages. A document skill needs the SDK.
ARG DOTNET=8.0
ARG DOTNET_FEED=https://packages.microsoft.com/config/debian
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# hadolint ignore=DL3008
RUN set -eu; \
    [ -n "$DOTNET" ] || exit 0; \
    . /etc/os-release; \
    curl -fsSL -o /tmp/feed.deb "$DOTNET_FEED/$VERSION_ID/packages-microsoft-prod.deb"; \
    dpkg -i /tmp/feed.deb; \
    rm /tmp/feed.deb; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "dotnet-sdk-$DOTNET"; \
    rm -rf /var/lib/apt/lists/* /var/log/*; \
    HOME=/tmp/dotnet dotnet --version; \
    rm -rf /tmp/dotnet

# Into Debian's own Python and not a venv: a login shell sets PATH anew and "#!/usr/bin/python3" looks at no PATH, and both shall find these
# packages. PEP 668 guards a system whose tools need that Python; here none does. With PIP_BREAK_SYSTEM_PACKAGES the assistant can install more:
# as root beside these, as uid 1000 into its HOME, which pip does by itself where the system's folder can't be written (in a venv it would fail).
ARG PIP_INDEX=""
ARG PYTHON_PACKAGES="beautifulsoup4==4.15.0 lxml==6.1.3 openpyxl==3.1.5 pypdf==7.1.1 reportlab==5.1.0 requests==2.34.2 uv==0.13.9"
ENV PIP_BREAK_SYSTEM_PACKAGES=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# hadolint ignore=DL3013,SC2086
RUN --mount=type=bind,from=packages,target=/mnt/packages \
    [ -z "$PYTHON_PACKAGES" ] || python3 -m pip install --no-cache-dir ${PIP_INDEX:+--index-url "$PIP_INDEX"} $PYTHON_PACKAGES

# A dependency of OpenClaw is a Git repository that npm asks for over SSH; over HTTPS it needs no key.
ARG NPM_REGISTRY=""
ARG NPM_PACKAGES="hexo@8.1.2 hexo-deployer-aliyun-oss@0.0.4 hexo-generator-archive@2.0.0 hexo-generator-category@2.0.0 hexo-generator-index@4.0.0 \
hexo-generator-tag@2.0.0 hexo-renderer-ejs@2.0.0 hexo-renderer-marked@7.0.1 hexo-renderer-pug@3.0.0 hexo-renderer-stylus@3.0.1 mmx-cli@1.0.19 \
pptxgenjs@4.0.1 probe-image-size@7.2.3"
ENV NPM_CONFIG_AUDIT=false NPM_CONFIG_FUND=false NPM_CONFIG_UPDATE_NOTIFIER=false
# hadolint ignore=DL3016,SC2086
RUN --mount=type=bind,from=packages,target=/mnt/packages \
    set -eu; \
    [ -n "$NPM_PACKAGES" ] || exit 0; \
    export HOME=/tmp/npm; \
    npm install --global ${NPM_REGISTRY:+--registry "$NPM_REGISTRY"} $NPM_PACKAGES; \
    rm -rf /tmp/*

ARG OPENCLAW_VERSION=2026.4.9
ARG OPENCLAW=openclaw@${OPENCLAW_VERSION}
# hadolint ignore=DL3016
RUN --mount=type=bind,from=packages,target=/mnt/packages \
    set -eu; \
    [ -n "$OPENCLAW" ] || exit 0; \
    export HOME=/tmp/npm GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.https://github.com/.insteadOf GIT_CONFIG_VALUE_0=ssh://git@github.com/; \
    npm install --global ${NPM_REGISTRY:+--registry "$NPM_REGISTRY"} "$OPENCLAW"; \
    # "openclaw: command not found" is what people met where npm's folder of commands is not on the PATH.
    command="$(npm prefix --global)/bin/openclaw"; \
    [ "$command" -ef /usr/local/bin/openclaw ] || ln -sf "$command" /usr/local/bin/openclaw; \
    /usr/local/bin/openclaw --version; \
    rm -rf /tmp/*
ENV OPENCLAW_VERSION=${OPENCLAW_VERSION}

COPY LICENSE /usr/local/share/doc/shipkeeper/LICENSE
COPY Plugins /usr/local/share/shipkeeper/plugins
COPY Examples/openclaw-space/skills /usr/local/share/shipkeeper/skills
COPY --from=binary / /usr/local/
ARG CONFIG=Examples/openclaw-space/shipkeeper.yaml
COPY ${CONFIG} /etc/shipkeeper/shipkeeper.yaml

# One image for root and for uid 1000 (which Hugging Face documents and Kubernetes often demands), with one HOME, so that paths in a
# configuration and the members of an archive are the same for both. /root belongs to uid 1000 and to the group of root, and to nobody else:
# uid 1000 owns it, root gets in without special rights too, and so does any uid with group 0. The passwd entry of uid 1000 has the same
# home, because ssh looks there and not at HOME. All else belongs to root: uid 1000 can't change a program or the configuration.
# "npm install -g" and "pip install" by a running assistant go into HOME, last on the PATH, so nothing of the image is replaced.
# disk-space is a plug-in that would have to be compiled. Plug-ins that others may write to are not used. image.txt is for people; dpkg, pip and npm keep what a scanner reads.
# The arguments of USER and LABEL stand here because buildah looks at arguments only where a RUN follows, and else takes a kept layer for good.
ARG BASE_IMAGE
ARG RUN_AS=root
ARG VERSION=""
ARG REVISION=""
ARG SOURCE=""
RUN set -eu; \
    test -f /etc/shipkeeper/shipkeeper.yaml || { echo "CONFIG must name one file, such as my-app/shipkeeper.yaml" >&2; exit 1; }; \
    rm -rf /usr/local/share/shipkeeper/plugins/disk-space; \
    chmod -R go-w /usr/local/share/shipkeeper; \
    getent passwd 1000 > /dev/null || useradd --uid 1000 --home-dir /root --no-create-home --shell /bin/bash shipkeeper; \
    usermod --home /root "$(id -nu 1000)"; \
    mkdir -p /var/lib/shipkeeper; \
    chown -R 1000:0 /root /var/lib/shipkeeper; \
    chmod -R u=rwX,g=u,o= /root /var/lib/shipkeeper; \
    shipkeeper version; \
    { \
      echo "# What is in this image, as it was built."; \
      echo; shipkeeper version; \
      echo "node $(node --version)"; echo "npm $(npm --version)"; python3 --version; \
      if command -v dotnet > /dev/null; then echo "dotnet $(HOME=/tmp/dotnet dotnet --version)"; fi; \
      echo; echo "# npm, global"; HOME=/tmp/npm npm ls --global --depth=0 --parseable --long; \
      echo; echo "# Python"; python3 -m pip list --format=freeze; \
      echo; echo "# Debian"; dpkg-query --show --showformat '${Package} ${Version}\n'; \
    } > /usr/local/share/shipkeeper/image.txt; \
    rm -rf /tmp/* /mnt/packages

ENV HOME=/root \
    NPM_CONFIG_PREFIX=/root/.npm-global \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/root/.npm-global/bin:/root/.local/bin \
    PORT=7860 \
    SHIPKEEPER_CONFIG=/etc/shipkeeper/shipkeeper.yaml

# hadolint ignore=DL3002
USER ${RUN_AS}
WORKDIR /root
EXPOSE 7860

# Whether the gateway answers, by curl: "openclaw health" would start Node each time, and can harm the live database. shipkeeper restarts a
# gateway that fails; who acts on this check replaces the whole container, so it takes its time: 15 minutes for a restore and the first start,
# then the 10 minutes that a slow start may take. In safe mode no gateway runs on purpose, and what counts is that shipkeeper answers.
# hadolint ignore=DL3025
HEALTHCHECK --interval=1m --timeout=10s --start-period=15m --retries=10 \
  CMD case "${SHIPKEEPER_SAFE_MODE:-}" in \
        "" | 0 | false | no | off) curl -fsS --noproxy '*' --max-time 8 "http://127.0.0.1:${PORT}/healthz" ;; \
        *) shipkeeper status ;; \
      esac

STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/shipkeeper", "run"]

LABEL org.opencontainers.image.title="shipkeeper" \
      org.opencontainers.image.description="Restores, runs, backs up and publishes for an OpenClaw gateway with a Hexo blog, in one container" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE_IMAGE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
