#!/usr/bin/env bash
# Installs what the engine and the tests need from Debian or Ubuntu. Usage: packages.sh engine|tests|PACKAGE…
#
# If all packages are there, it does nothing. Only root can install. For another user, or on another system, the script
# prints the line to run and exits with 1. It starts no service.
set -euo pipefail

# The private engine, its second runtime, and what makes its base image.
engine=(strace crun debootstrap iptables procps)
# A Docker from elsewhere stays. Debian's would replace it.
command -v dockerd >/dev/null || engine+=(docker.io)
# The programs that the tests run: the kernel's judge (libseccomp, a compiler), compilers for the small programs whose
# code is read, other enforcers, shells, and readers of our output.
tests=(
  "${engine[@]}" libseccomp-dev gcc libc6-dev bubblewrap firejail podman zsh fish bash-completion man-db groff-base
  musl-tools golang-go gcc-aarch64-linux-gnu libc6-dev-arm64-cross binutils
  systemd python3 python3-yaml sudo git ca-certificates util-linux bsdutils bzip2 gzip xz-utils zstd
)

case "${1-}" in
  "") echo "usage: packages.sh engine|tests|PACKAGE…" >&2; exit 2 ;;
  engine) wanted=("${engine[@]}") ;;
  tests)
    wanted=("${tests[@]}")
    # Ubuntu has no package for it. A machine with Chrome needs none.
    command -v google-chrome >/dev/null || wanted+=(chromium)
    ;;
  *) wanted=("$@") ;;
esac

say() { printf '%s\n' "packages: $*" >&2; }

missing=()
installed=" $(dpkg-query -W -f '${Package}=${db:Status-Status} ' "${wanted[@]}" 2>/dev/null || true)"
for package in "${wanted[@]}"; do
  [[ $installed == *" $package=installed "* ]] || missing+=("$package")
done
[ ${#missing[@]} != 0 ] || exit 0

install="apt-get install -y --no-install-recommends ${missing[*]}"
if ! command -v apt-get >/dev/null; then
  say "this is neither Debian nor Ubuntu. There the missing packages come by: $install"
  exit 1
elif [ "$(id -u)" != 0 ]; then
  say "some packages are missing, and only root can install them. Run: sudo $install"
  exit 1
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
made=no
cleanup() {
  rm -f "$log"
  [ $made = no ] || rm -f $policy
}
trap cleanup EXIT

# No service may start. The engine is a private one, and tests start what they need.
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod +x $policy
  made=yes
fi

# Runs apt-get. Waits at most five minutes in total while another program holds one of its locks.
deadline=$((SECONDS + 300))
apt() {
  until DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=60 "$@" >"$log" 2>&1 </dev/null; do
    grep -qiE 'could not get lock|unable to lock|is another process using it' "$log" || return 1
    [ $SECONDS -lt $deadline ] || return 1
    sleep 3
  done
}

say "installing ${missing[*]}"
# The lists may be old or missing. Old ones may still be good enough, so a failure here is not fatal.
apt update || say "apt-get update failed: $(tail -1 "$log")"
apt install -y --no-install-recommends "${missing[@]}" || {
  tail -5 "$log" >&2
  say "apt-get could not install them. Run: $install"
  exit 1
}
