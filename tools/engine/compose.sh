#!/usr/bin/env bash
# Puts Docker's Compose plug-in where the CLI finds it. Usage: compose.sh. It prints the value of DOCKER_CONFIG with
# which `docker compose` works.
#
# Debian 12 has no package for it. Debian 13's (docker-compose, a static Go program) is unpacked, not installed.
set -euo pipefail

if docker compose version >/dev/null 2>&1; then
  echo "${DOCKER_CONFIG:-$HOME/.docker}"
  exit
fi
folder=$(bash "$(dirname "$0")/unpacked.sh" trixie docker-compose)
# DOCKER_CONFIG is a folder that has cli-plugins/.
echo "$folder/usr/libexec/docker"
