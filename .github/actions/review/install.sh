#!/bin/bash
# Installs seccomp-gen outside of the checkout. The checkout is the pull request's: its .npmrc, package.json and scripts have no say.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=${VERSION:-$(node -p 'require(process.argv[1]).version' "$here/../../../package.json")}
case $version in *[!0-9A-Za-z.-]* | "") echo "::error::no version of seccomp-gen: ${version//[^0-9A-Za-z.-]/?}"; exit 2 ;; esac
mkdir -p "$RUNNER_TEMP/seccomp-gen"
cd "$RUNNER_TEMP/seccomp-gen"
# Dependencies as this version was tested with: the newest that a range allows may be anybody's tomorrow.
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
