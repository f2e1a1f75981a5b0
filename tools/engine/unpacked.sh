#!/usr/bin/env bash
# Unpacks a package of another Debian release, with everything that it depends on, into its own folder. It installs
# nothing. Usage: unpacked.sh SUITE PACKAGE. It prints the folder, which stays: the second call downloads nothing.
set -euo pipefail

suite=${1-} package=${2-}
[ -n "$package" ] || { echo "usage: unpacked.sh SUITE PACKAGE" >&2; exit 2; }
state=$HOME/.cache/seccomp-gen
[ "$(id -u)" != 0 ] || state=${SECCOMP_GEN_ENGINE_DIR:-/var/lib/seccomp-gen-engine}
folder=$state/unpacked/$suite/$package
[ ! -d "$folder" ] || { echo "$folder"; exit; }

fail() { printf '%s\n' "unpacked.sh: $*" >&2; exit 1; }
command -v apt-get >/dev/null || fail "there is no apt-get to fetch Debian's $package of $suite with"
mkdir -p "$state/unpacked/$suite"
# It is unpacked beside its place and moved there when complete, because two scripts may do this at the same time.
new=$(mktemp -d "$state/unpacked/$suite/.$package.XXXXXX")
trap 'rm -rf "$new"' EXIT
mkdir -p "$new/apt/lists/partial" "$new/apt/archives/partial" "$new/root"
chmod 755 "$new/root"
touch "$new/apt/status" # nothing is installed, as far as this apt-get knows: it brings all dependencies
mirror=$(apt-get indextargets --format '$(SITE)' 2>/dev/null | grep '/debian/*$' | head -1 || true)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] ${mirror:-http://deb.debian.org/debian} $suite main" >"$new/apt/sources.list"
options=(
  -o "Dir::Etc::SourceList=$new/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State=$new/apt"
  -o "Dir::State::Lists=$new/apt/lists" -o "Dir::State::Status=$new/apt/status" -o "Dir::Cache=$new/apt"
  -o "Dir::Cache::Archives=$new/apt/archives" -o APT::Sandbox::User= -o Acquire::Retries=3
)
{
  apt-get "${options[@]}" -qq update
  apt-get "${options[@]}" -qq install -y --no-install-recommends --download-only "$package"
} >"$new/log" 2>&1 </dev/null || fail "Debian's $package of $suite cannot be fetched: $(tail -3 "$new/log")"
for file in "$new"/apt/archives/*.deb; do dpkg-deb -x "$file" "$new/root"; done
mv -T "$new/root" "$folder" 2>/dev/null || [ -d "$folder" ] || fail "cannot write $folder"
echo "$folder"
