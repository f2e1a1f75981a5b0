#!/bin/bash
# Installs seccomp-gen outside of the checkout. The checkout is the pull request's: its .npmrc, package.json and scripts have no say.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=${VERSION:-$(node -p 'require(process.argv[1]).version' "$here/../../../package.json")}
case $version in *[!0-9A-Za-z.-]* | "") echo "::error::no version of seccomp-gen: ${version//[^0-9A-Za-z.-]/?}"; exit 2 ;; esac
mkdir -p "$RUNNER_TEMP/seccomp-gen"
cd "$RUNNER_TEMP/seccomp-gen"
exec "${NPM:-npm}" install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$RUNNER_TEMP/seccomp-gen" "seccomp-gen@$version"
