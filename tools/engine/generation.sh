#!/usr/bin/env bash
# Runs another generation of Docker engine on the same machine: Debian's docker.io of SUITE (bullseye, trixie, sid) in a
# chroot, with its own runc and crun. Usage: generation.sh start|stop SUITE. start prints the engine's DOCKER_HOST. It
# needs root and debootstrap, and takes a minute the first time.
set -euo pipefail

command=${1-} suite=${2-}
case "$suite" in
  bullseye | trixie | sid) ;;
  *)
    echo "usage: generation.sh start|stop bullseye|trixie|sid" >&2
    exit 2
    ;;
esac
state=${SECCOMP_GEN_ENGINE_DIR:-/var/lib/seccomp-gen-engine}/$suite
root=$state/root
socket=$state/run/docker.sock
pid_file=$state/run/docker.pid

answers() { DOCKER_HOST=unix://$socket timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

stop() {
  [ -f "$pid_file" ] && kill "$(cat "$pid_file")" 2>/dev/null || true
  for _ in $(seq 50); do
    [ -f "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null || break
    sleep 0.2
  done
  pkill -KILL -f -- "$state/run" 2>/dev/null || true
  rm -rf "$state/run"
}

make_root() {
  [ -e "$state/complete" ] && return
  rm -rf "$root"
  mkdir -p "$root"
  debootstrap --variant=minbase "$suite" "$root" >"$state/debootstrap.log" 2>&1
  cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  DEBIAN_FRONTEND=noninteractive chroot "$root" sh -c 'apt-get -qq update && apt-get -qq install -y \
    --no-install-recommends docker.io containerd runc crun iptables tini' >"$state/apt.log" 2>&1
  touch "$state/complete"
}

start() {
  answers && return
  make_root
  stop
  mkdir -p "$state/run" "$state/data" "$root$state/run" "$root$state/data"
  # The mount namespace has no unified cgroup hierarchy, because crun refuses it beside the others. The network is its
  # own, so that no other engine's bridge changes.
  setsid unshare -mn --propagation slave sh -c '
    root=$1 state=$2
    mount --bind "$root" "$root"
    for folder in proc sys dev; do mount --rbind "/$folder" "$root/$folder"; done
    umount "$root/sys/fs/cgroup/unified" 2>/dev/null
    mount -t tmpfs tmpfs "$root/run"
    mount --bind "$state/run" "$root$state/run"
    mount --bind "$state/data" "$root$state/data"
    exec chroot "$root" dockerd --data-root "$state/data" --exec-root "$state/run/exec" \
      --pidfile "$state/run/docker.pid" -H "unix://$state/run/docker.sock" --iptables=false --ip6tables=false \
      --bridge=none --add-runtime crun=/usr/bin/crun' generation "$root" "$state" >"$state/log" 2>&1 </dev/null &
  for _ in $(seq 100); do answers && return; sleep 0.3; done
  tail -5 "$state/log" >&2
  exit 2
}

case "$command" in
  start) start; echo "unix://$socket" ;;
  stop) stop ;;
  *) echo "usage: generation.sh start|stop bullseye|trixie|sid" >&2; exit 2 ;;
esac
