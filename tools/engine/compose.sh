#!/usr/bin/env bash
# Docker's Compose plug-in where the CLI finds it. Usage: compose.sh FOLDER; prints the value of DOCKER_CONFIG with which `docker compose` works.
#
# Debian 12 has no package of it: it is Debian 13's (docker-compose, a static Go program), unpacked into FOLDER and not installed.
set -euo pipefail

folder=$(realpath "$1")
if docker compose version >/dev/null 2>&1; then echo "${DOCKER_CONFIG:-$HOME/.docker}"; exit 0; fi
command -v apt-get >/dev/null || { echo "compose.sh: there is no docker compose, and no apt-get to fetch it with" >&2; exit 1; }
mirror=$(apt-get indextargets --format '$(SITE)' 2>/dev/null | grep '/debian/*$' | head -1 || true)
mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$folder/cli-plugins"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} trixie main" >"$folder/apt/sources.list"
options=(-o "Dir::Etc::SourceList=$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt" -o APT::Sandbox::User=root)
apt-get "${options[@]}" -qq update >&2
(cd "$folder/apt" && apt-get "${options[@]}" -qq download docker-compose >&2 && dpkg-deb -x docker-compose_*.deb unpacked)
cp "$folder/apt/unpacked/usr/libexec/docker/cli-plugins/docker-compose" "$folder/cli-plugins/"
rm -rf "$folder/apt"
echo "$folder"
