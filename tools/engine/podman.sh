#!/usr/bin/env bash
# Runs Debian's podman as root with its own storage, on machines whose cgroups or limits would stop it.
# Usage: podman.sh ARGUMENTS…
#
# crun refuses hybrid cgroups, so a mount namespace hides the unified hierarchy. Each call enters it again, because
# podman keeps its mounts there. State: $SECCOMP_GEN_PODMAN_DIR. `podman.sh let-go` removes all
# containers and ends the namespace (`stop` is podman's own).
set -euo pipefail

state=${SECCOMP_GEN_PODMAN_DIR:-/var/lib/seccomp-gen-podman}
holder=$state/holder.pid
export CONTAINERS_CONF=$state/containers.conf

fail() {
  printf '%s\n' "podman.sh: $*" >&2
  exit 125
}
inside() { nsenter -t "$(cat "$holder")" -m -- "$@"; }

[ "$(id -u)" = 0 ] || fail "needs root"
[ -x /usr/bin/podman ] || bash "$(dirname "$(realpath "$0")")/packages.sh" podman || fail "podman is not installed"
mkdir -p "$state"
if ! { [ -s "$holder" ] && kill -0 "$(cat "$holder")" 2>/dev/null; }; then
  [ "${1-}" != let-go ] || exit 0
  # Podman must not ask for limits that this process may not raise ("error setting rlimit type 7").
  cat >"$CONTAINERS_CONF" <<'CONF'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
  rm -f "$holder"
  setsid unshare -m --propagation slave sh -c '
    umount /sys/fs/cgroup/unified 2>/dev/null
    echo $$ >"$1"
    exec sleep infinity' holder "$holder" >/dev/null 2>&1 </dev/null &
  for _ in $(seq 100); do [ ! -s "$holder" ] || break; sleep 0.05; done
fi
options=(--root "$state/root" --runroot "$state/run" --storage-driver vfs)
if [ "${1-}" = let-go ]; then
  inside /usr/bin/podman "${options[@]}" rm -fa >/dev/null 2>&1 || true
  kill "$(cat "$holder")"
  rm -f "$holder"
  exit
fi
# A client of podman's service has no storage of its own.
case " $* " in " --url "*) exec /usr/bin/podman "$@" ;; esac
[ -z "${CONTAINER_HOST-}" ] || exec /usr/bin/podman "$@"
exec nsenter -t "$(cat "$holder")" -m --wd="$PWD" -- /usr/bin/podman "${options[@]}" "$@"
