#!/bin/bash
# Installs seccomp-gen outside the checkout, which belongs to the pull request. So its .npmrc, package.json and scripts have
# no effect.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=${VERSION:-$(node -p 'require(process.argv[1]).version' "$here/../../../package.json")}
case $version in *[!0-9A-Za-z.-]* | "") echo "::error::no version of seccomp-gen: ${version//[^0-9A-Za-z.-]/?}"; exit 2 ;; esac
mkdir -p "$RUNNER_TEMP/seccomp-gen"
cd "$RUNNER_TEMP/seccomp-gen"
# The dependencies with which this version was tested. Tomorrow the newest one in a range may come from anybody.
node - "$here/../../.." "$version" >package.json <<'END'
const [folder, version] = process.argv.slice(2);
const read = (file) => JSON.parse(require("node:fs").readFileSync(`${folder}/${file}`, "utf8"));
const locked = read("package.json").version === version ? Object.entries(read("package-lock.json").packages) : [];
const overrides = locked.flatMap(([path, { version: exact, dev }]) => {
  const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
  return name === undefined || dev === true ? [] : [[name, exact]];
});
process.stdout.write(JSON.stringify({ private: true, overrides: Object.fromEntries(overrides) }));
END
exec "${NPM:-npm}" install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$RUNNER_TEMP/seccomp-gen" "seccomp-gen@$version"
