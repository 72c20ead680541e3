# Shared by the scripts of this folder. Sourced, never run.
# shellcheck shell=bash

LINLI_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LINLI_SERVICES=(catalog payments-sim notifications orders storefront)

# say TEXT: one progress line.  fail TEXT: one sentence that says what is lacking, then the end.
say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }
fail() { printf 'linli: %s\n' "$*" >&2; exit 1; }

# require_packages NAME...: installs what is missing with apt when root, else says which to install.
require_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    [ "$(id -u)" = 0 ] || fail "these packages are missing; install them as root: apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    # A machine that just booted may still hold the package lists; apt waits for the lock by itself.
    if ! { apt-get -qq -o DPkg::Lock::Timeout=120 update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 install \
            --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "the packages ${missing[*]} could not be installed"
    fi
    rm -f "$log"
}

require_swift() {
    command -v swift >/dev/null || fail "no Swift toolchain on PATH: install Swift 6.2 or newer from swift.org"
    local version
    version=$(swift --version 2>/dev/null | grep -o 'Swift version [0-9]*\.[0-9]*' | head -n 1 | grep -o '[0-9]*\.[0-9]*')
    [ "$(printf '%s\n6.2\n' "$version" | sort -V | head -n 1)" = 6.2 ] || fail "Swift 6.2 or newer is needed, this is $version"
}

# postgres_bin: the folder of PostgreSQL's server programs.
postgres_bin() {
    local folder
    for folder in /usr/lib/postgresql/*/bin; do [ -x "$folder/initdb" ] && { printf '%s' "$folder"; return; }; done
    fail "PostgreSQL's server programs are not installed (package postgresql)"
}

# as_postgres COMMAND...: PostgreSQL refuses to run as root, so root steps down to the package's own user.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/tmp LC_ALL=C.UTF-8 "$@"
    else
        env LC_ALL=C.UTF-8 "$@"
    fi
}

# own_as_postgres FOLDER: gives a folder to the user who will run PostgreSQL.
own_as_postgres() { if [ "$(id -u)" = 0 ]; then chown postgres:postgres "$1"; fi; }

# free_port: a TCP port of the loopback address that nothing listens on.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 20000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then printf '%s' "$port"; return; fi
    done
}

# http_status PORT PATH: the status of a GET on the loopback address, without needing curl; 000 when none answers.
http_status() {
    local line=''
    {
        exec 3<>"/dev/tcp/127.0.0.1/$1" &&
            printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$2" >&3 &&
            IFS= read -r -t 5 line <&3
    } 2>/dev/null
    exec 3>&- 2>/dev/null
    line=${line#HTTP/1.? }
    printf '%s' "${line%% *}" | grep -E '^[0-9]{3}$' || printf '000'
}

# wait_ready NAME PORT SECONDS PID_FILE: until /readyz answers 200.
wait_ready() {
    local deadline=$((SECONDS + $3))
    until [ "$(http_status "$2" /readyz)" = 200 ]; do
        [ $SECONDS -lt $deadline ] || return 1
        if [ -n "${4:-}" ] && ! kill -0 "$(cat "$4" 2>/dev/null)" 2>/dev/null; then return 1; fi
        sleep 0.05
    done
}
