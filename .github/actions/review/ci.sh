#!/bin/bash
# The review as a step of GitHub Actions, from the installed package: seccomp-gen review, one comment, the exit code.
# Environment: what GitHub sets, GITHUB_TOKEN for the comment; FAIL_ON, BASE and SARIF if they are not the default.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The event is data: Node reads it, and it never becomes part of a script.
event() { node -e 'const e = require(process.argv[1]); console.log(process.argv[2].split(".").reduce((v, k) => v?.[k], e) ?? "")' "$GITHUB_EVENT_PATH" "$1"; }
BASE_IS_DEFAULT=$([ -z "${BASE:-}" ] && echo true || echo false)
BASE=${BASE:-$(event pull_request.base.sha)}
export BASE=${BASE:-$(event merge_group.base_sha)} BASE_IS_DEFAULT
export FAIL_ON=${FAIL_ON:-dangerous unbacked beyond-docker} SARIF=${SARIF:-false}
export SECCOMP_GEN=${SECCOMP_GEN:-"$here/../../../../.bin/seccomp-gen"}
bash "$here/review.sh"
if [ -n "$(event pull_request.number)" ]; then node "$here/comment.mjs" "$RUNNER_TEMP/seccomp-gen-review.md"; fi
exit "$(cat "$RUNNER_TEMP/seccomp-gen-exit")"
