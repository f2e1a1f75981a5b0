#!/usr/bin/env bash
# The whole story on a real service: record nginx, see what its profile removes, prove that nginx still runs, and try an
# attack. Results stay in .demo/. Without an engine, it records a program on this host instead.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/.demo
image=seccomp-gen-demo-nginx
port=${SECCOMP_GEN_DEMO_PORT:-18080}
victim=seccomp-gen-demo-$$
log=$(mktemp)
trap 'docker rm -f "$victim" >/dev/null 2>&1 || true; rm -f "$log"' EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*" | { [ -t 1 ] && cat || sed 's/\x1b\[[0-9]*m//g'; }; }
quietly() {
  "$@" >"$log" 2>&1 && return
  cat "$log" >&2
  return 1
}
seccomp_gen() { node "$root/dist/cli.cjs" "$@"; }

rm -rf "$work"
mkdir -p "$work"
cd "$work"

if ! bash "$root/tools/engine/engine.sh" start || ! bash "$root/tools/engine/engine.sh" base-image; then
  say "No container engine: recording a program on this host instead (needs strace)."
  seccomp_gen record --name ls -- ls -l / >/dev/null
  exit
fi
eval "$(bash "$root/tools/engine/engine.sh" env)"
DOCKER_BUILDKIT=0 quietly docker build --network host -t "$image" "$root/tools/demo/nginx"

say "1. Record nginx while real requests come in, and run it again under the profile that this gives"
run=(docker run --rm -p "127.0.0.1:$port:80" "$image")
address=http://127.0.0.1:$port
requests="curl -sf --retry 20 --retry-delay 1 --retry-all-errors $address/ &&
  curl -s -o /dev/null $address/missing && curl -sfI $address/ >/dev/null"
seccomp_gen record --name nginx --while "$requests" --verify -- "${run[@]}"

say "2. What an attacker inside can no longer do"
seccomp_gen diff profiles/nginx.json >diff.txt || [ $? = 1 ]
sed -n '/^no longer allowed/,$p' diff.txt | cut -c1-100 | head -4
echo "  … (the whole comparison is in .demo/diff.txt)"

# An attacker who breaks into the service can run code in its container. A raw packet socket reads and forges the
# network's traffic.
attempt='socket(my $s, 17, 3, 0) ? print "  the attack WORKS: a raw packet socket is open\n"
  : print "  the attack fails: $!\n"'
attack() {
  docker run -d --rm --name "$victim" --network none "$@" "$image" >/dev/null
  docker exec "$victim" perl -e "$attempt"
  docker rm -f "$victim" >/dev/null
}
say "3. An attack: open a raw packet socket to read and forge the network's traffic"
printf "under Docker's default profile:"; attack
printf "under profiles/nginx.json:     "; attack --security-opt "seccomp=profiles/nginx.json"
if bash "$root/tools/engine/engine.sh" status | grep -q private; then
  printf '\nThe private engine goes on running; npm run engine -- stop ends it.\n'
fi
