# deploy/test --compose: everything in containers, from a clean clone, on a real Docker engine. Sourced by deploy/test.
# shellcheck shell=bash

# The engine: the one that runs, else one of our own with its own data folder, gone afterwards.
start_engine() {
    require_packages docker.io docker-compose debootstrap python3-venv curl iptables
    if docker info >/dev/null 2>&1; then say "using the Docker engine that runs"; return; fi
    say "starting a Docker engine"
    export DOCKER_HOST="unix://$work/docker.sock"
    dockerd --host "$DOCKER_HOST" --data-root "$work/docker" --exec-root "$work/docker-exec" \
        --pidfile "$work/docker.pid" >"$work/dockerd.log" 2>&1 &
    engine=$!
    local deadline=$((SECONDS + 60))
    until docker info >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] && kill -0 "$engine" 2>/dev/null || { tail -n 5 "$work/dockerd.log"; fail "the Docker engine did not start"; }
        sleep 0.2
    done
}

stop_engine() {
    compose down -v --remove-orphans >/dev/null 2>&1
    if [ -n "${engine:-}" ]; then
        kill "$engine" 2>/dev/null
        wait "$engine" 2>/dev/null
    fi
    rm -rf "$work/docker" "$work/docker-exec"
}

compose() { (cd "$work/clone/deploy" && COMPOSE_DOCKER_CLI_BUILD=0 docker-compose -p linli-test "$@"); }

# wait_healthy SECONDS: until the front door is healthy, which needs everything behind it.
wait_healthy() {
    local deadline=$((SECONDS + $1))
    until [ "$(docker inspect -f '{{.State.Health.Status}}' linli-test_web_1 2>/dev/null)" = healthy ]; do
        [ $SECONDS -lt $deadline ] || { compose ps; compose logs --tail=15; return 1; }
        sleep 0.5
    done
}

run_compose() {
    trap 'stop_engine; finish' EXIT
    start_engine
    git clone -q "$LINLI_ROOT" "$work/clone" || fail "the checkout could not be cloned"
    say "base images"
    "$work/clone/deploy/images/make"
    count $? "base images from the distribution's packages"
    say "building the images of the services (release, static; several minutes)"
    compose build >"$work/compose-build.log" 2>&1 || tail -n 30 "$work/compose-build.log"
    docker image inspect linli/storefront >/dev/null 2>&1
    count $? "the images build"
    [ $failed = 0 ] || return
    LINLI_HTTP_PORT=$(free_port)
    export LINLI_HTTP_PORT PUBLIC_URL="http://127.0.0.1:$LINLI_HTTP_PORT"
    say "bringing everything up"
    compose up -d >"$work/compose-up.log" 2>&1 || tail -n 20 "$work/compose-up.log"
    wait_healthy 120
    count $? "all containers become healthy"
    python3 "$LINLI_ROOT/Tests/FlowTests/main_flow.py" "http://127.0.0.1:$LINLI_HTTP_PORT" --keep "$work/kept.json"
    count $? "the main flow over HTTP"
    say "restarting with the data kept"
    compose stop >/dev/null 2>&1
    compose start >/dev/null 2>&1
    wait_healthy 120
    count $? "all containers are healthy again"
    python3 "$LINLI_ROOT/Tests/FlowTests/main_flow.py" "http://127.0.0.1:$LINLI_HTTP_PORT" --again "$work/kept.json"
    count $? "what was there before the restart is there, and the main flow works again"
    [ "$(docker inspect -f '{{.Config.User}}' linli-test_catalog_1)" = 65534:65534 ]
    count $? "the services run without root"
    compose down -v >/dev/null 2>&1
    count $? "everything is taken down"
}
