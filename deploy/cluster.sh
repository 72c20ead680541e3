# The private PostgreSQL cluster of deploy/run, and the environment of the services. Sourced, never run.
# shellcheck shell=bash

declare -A LINLI_DATABASE=([catalog]=catalog [orders]=orders [payments-sim]=payments
    [notifications]=notifications [storefront]=storefront)

# secret FILE BYTES: base64 of random bytes, made once.
secret() {
    [ -s "$1" ] || (umask 077 && head -c "$2" /dev/urandom | base64 -w0 >"$1")
    cat "$1"
}

# cluster_start STATE: makes the cluster if there is none, starts it, makes roles and databases.
cluster_start() {
    local state=$1 bin data socket
    bin=$(postgres_bin)
    data="$state/postgres"
    mkdir -p "$data"
    own_as_postgres "$data"
    # The user who runs PostgreSQL may not be let into the checkout (a clone in a private home folder).
    if ! as_postgres test -w "$data" 2>/dev/null; then
        rmdir "$data"
        data="/var/lib/linli-$(printf '%s' "$state" | cksum | cut -d' ' -f1)"
        mkdir -p "$data"
        own_as_postgres "$data"
        ln -sfn "$data" "$state/postgres"
    fi
    # A socket's path has at most 107 bytes, so it is not under the checkout.
    socket="/tmp/linli-$(printf '%s' "$state" | cksum | cut -d' ' -f1)"
    mkdir -p "$socket"
    own_as_postgres "$socket"
    local password
    password=$(secret "$state/run/postgres.secret" 18)
    if [ ! -s "$data/PG_VERSION" ]; then
        local file
        file=$(mktemp)
        printf '%s' "$password" >"$file"
        own_as_postgres "$file"
        as_postgres "$bin/initdb" -D "$data" -U postgres --pwfile="$file" --auth=scram-sha-256 --data-checksums \
            -E UTF8 --locale=C.UTF-8 >"$state/logs/initdb.log" 2>&1 || fail "initdb failed; see .linli/logs/initdb.log"
        rm -f "$file"
    fi
    if ! as_postgres "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then
        as_postgres "$bin/pg_ctl" -D "$data" -w -t 30 -l "$data/server.log" -o "$(cluster_settings "$socket")" start \
            >/dev/null || { tail -n 5 "$data/server.log" >&2; fail "PostgreSQL did not start"; }
    fi
    LINLI_SOCKET=$socket
    local name
    for name in "${LINLI_SERVICES[@]}"; do cluster_database "$state" "${LINLI_DATABASE[$name]}" "$password"; done
}

cluster_settings() {
    printf '%s ' "-c listen_addresses=''" "-c unix_socket_directories='$1'" "-c max_connections=200" \
        "-c shared_buffers=256MB" "-c fsync=on -c full_page_writes=on -c synchronous_commit=on" \
        "-c data_sync_retry=off -c max_wal_size=2GB -c random_page_cost=1.1"
}

# cluster_database STATE NAME SUPERUSER_PASSWORD: a role and a database of the same name; no role reads another's.
cluster_database() {
    local password
    password=$(secret "$1/run/$2.secret" 18)
    PGPASSWORD=$3 "$(postgres_bin)/psql" -qAt -v ON_ERROR_STOP=1 -v name="$2" -v password="$password" \
        -h "$LINLI_SOCKET" -U postgres postgres >/dev/null <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', :'name', :'password') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'name') \gexec
SQL
}

# percent TEXT: percent-encodes what a connection URL would misread.
percent() { local text=$1; text=${text//%/%25}; text=${text//+/%2B}; text=${text//\//%2F}; printf '%s' "${text//=/%3D}"; }

# write_environment STATE BINARIES: one NAME=VALUE a line, read by the supervisor and by the linli command.
write_environment() {
    local state=$1 name upper
    (
        umask 077
        {
            echo "LINLI_ENVIRONMENT=${LINLI_ENVIRONMENT:-development}"
            echo "KEY_ENCRYPTION_KEY=$(secret "$state/run/key-encryption.secret" 32)"
            echo "ORDERS_QUOTE_KEY=$(secret "$state/run/quote.secret" 32)"
            echo "OPERATOR_PHONES=${OPERATOR_PHONES:-13800000000}"
            echo "STOREFRONT_STATIC_DIR=$LINLI_ROOT/Services/storefront/Static"
            echo "PAYMENTS_SIM_CONFIG=$state/keys/server.json"
            echo "PAYMENTS_SIM_CONTROL=1"
            for name in "${LINLI_SERVICES[@]}"; do
                upper=$(printf '%s' "${name%-sim}" | tr a-z A-Z)
                printf '%s_URL=http://127.0.0.1:%s\n' "$upper" "${port[$name]}"
                printf '%s_DATABASE_URL=postgresql://%s:%s@/%s?host=%s\n' "$upper" "${LINLI_DATABASE[$name]}" \
                    "$(percent "$(cat "$state/run/${LINLI_DATABASE[$name]}.secret")")" "${LINLI_DATABASE[$name]}" \
                    "$(percent "$LINLI_SOCKET")"
            done
            [ ! -f "$state/keys/orders.environment" ] || cat "$state/keys/orders.environment"
        } >"$state/environment"
    )
}
