#!/usr/bin/env bash
# Makes sure that a Docker engine is there. Usage: engine.sh start|stop|status|env|base-image [SUITE]
#
# It uses a running engine as it is. Otherwise, on Debian or Ubuntu as root, it installs docker.io and starts a private
# dockerd with its own data root, exec root, pid file and socket. crun is its second runtime.
# `eval "$(engine.sh env)"` points the docker command to it.
set -euo pipefail

state=${SECCOMP_GEN_ENGINE_DIR:-/var/lib/seccomp-gen-engine}
socket=$state/docker.sock
pid_file=$state/dockerd.pid
suite=${2:-bookworm}
base_image=seccomp-gen-base:$suite

say() { printf '%s\n' "engine: $*" >&2; }
fail() {
  say "$*"
  exit 2
}
answers() { DOCKER_HOST=$1 timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
private() { [ -S "$socket" ] && answers "unix://$socket"; }
foreign() {
  [ "${DOCKER_HOST-}" != "unix://$socket" ] && command -v docker >/dev/null &&
    timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

alive() {
  [ -f "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null &&
    tr '\0' ' ' <"/proc/$(cat "$pid_file")/cmdline" | grep -q -- "$state"
}

# Removes what a dead engine leaves behind: its containerd, shims, pid files, sockets and mounts.
sweep() {
  pkill -KILL -f -- "$state/exec" 2>/dev/null || true
  rm -rf "$pid_file" "$socket" "$state/exec"
}

start() {
  foreign && { say "using the engine that answers"; return; }
  private && { say "private engine is running"; return; }
  mkdir -p "$state"
  bash "$(dirname "$0")/packages.sh" engine ||
    fail "no Docker engine answers. Start yours (systemctl start docker), or install one."
  alive && stop
  sweep
  local dockerd
  dockerd=$(command -v dockerd) || fail "docker.io is installed, but there is no dockerd"
  # crun refuses hybrid cgroups. A mount namespace of its own can hide the unified hierarchy from it.
  setsid unshare -m --propagation slave sh -c '
    umount /sys/fs/cgroup/unified 2>/dev/null
    exec "$@"' engine "$dockerd" --data-root "$state/data" --exec-root "$state/exec" --pidfile "$pid_file" \
    -H "unix://$socket" --add-runtime crun=/usr/bin/crun ${SECCOMP_GEN_ENGINE_OPTIONS-} >"$state/log" 2>&1 </dev/null &
  local tries
  for tries in $(seq 100); do
    private && { say "private engine started (state in $state)"; return; }
    [ "$tries" -lt 20 ] || [ -f "$pid_file" ] || break
    sleep 0.3
  done
  tail -5 "$state/log" >&2
  fail "dockerd did not start; its log is $state/log"
}

stop() {
  alive || { sweep; say "no private engine is running"; return; }
  local pid
  pid=$(cat "$pid_file")
  DOCKER_HOST=unix://$socket timeout 60 docker ps -q 2>/dev/null |
    DOCKER_HOST=unix://$socket timeout 60 xargs -r docker rm -f >/dev/null 2>&1 || true
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
  kill -9 "$pid" 2>/dev/null || true
  sweep
  say "private engine stopped"
}

print_env() {
  if ! foreign && private; then echo "export DOCKER_HOST=unix://$socket"; fi
}

ensure_base_image() {
  eval "$(print_env)"
  timeout 30 docker image inspect "$base_image" >/dev/null 2>&1 && return
  if timeout 60 docker pull -q debian:$suite-slim >/dev/null 2>&1; then
    docker tag debian:$suite-slim "$base_image"
    return
  fi
  [ "$(id -u)" = 0 ] && bash "$(dirname "$0")/packages.sh" debootstrap ||
    fail "no registry answers, and without root and debootstrap no base image can be made"
  say "no registry answers; making the base image with debootstrap"
  local root
  root=$(mktemp -d)
  chmod 755 "$root" # it becomes the image's /, which other users have to enter
  mkdir -p "$state"
  timeout 600 debootstrap --variant=minbase $suite "$root" >"$state/debootstrap.log" 2>&1 || {
    tail -5 "$state/debootstrap.log" >&2
    rm -rf "$root"
    fail "debootstrap failed"
  }
  # Uses the host's proxies, so that builds can install packages too. For the host's own release it uses the host's
  # mirrors, and for another release debootstrap's.
  cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
  if grep -q "^VERSION_CODENAME=$suite\$" /etc/os-release; then
    rm -f "$root/etc/apt/sources.list"
    cp -a /etc/apt/sources.list "$root/etc/apt/" 2>/dev/null || true
    cp -a /etc/apt/sources.list.d/. "$root/etc/apt/sources.list.d/" 2>/dev/null || true
  fi
  tar -C "$root" -c . | docker import - "$base_image" >/dev/null
  rm -rf "$root"
  # A registry would have this image. The tracer's image is built from it.
  docker image inspect debian:$suite-slim >/dev/null 2>&1 || docker tag "$base_image" debian:$suite-slim
}

case "${1-}" in
  start) start ;;
  stop) stop ;;
  status)
    if foreign; then
      echo "an engine answers"
    elif private; then
      echo "private engine: unix://$socket"
    else
      echo "no engine"
      exit 1
    fi
    ;;
  env) print_env ;;
  base-image) ensure_base_image ;;
  *) fail "usage: engine.sh start|stop|status|env|base-image [SUITE]" ;;
esac
