# A stand-in for docker.io's swift:6.3-bookworm: this machine's own toolchain on the distribution's libraries.
FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
        binutils-gold ca-certificates gcc git libc6-dev libcurl4-openssl-dev libedit2 libgcc-12-dev libncurses-dev \
        libpq-dev libsqlite3-0 libssl-dev libstdc++-12-dev libxml2-dev libz3-4 pkg-config tzdata uuid-dev \
        zlib1g-dev >/dev/null \
 && rm -rf /var/lib/apt/lists/*
COPY toolchain /opt/swift
ENV PATH=/opt/swift/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
RUN swift --version
