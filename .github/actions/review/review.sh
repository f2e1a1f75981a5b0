#!/bin/bash
# Reviews, and leaves comment, SARIF and exit code in $RUNNER_TEMP: the verdict comes after the comment.
set -euo pipefail
program=${SECCOMP_GEN:-"$RUNNER_TEMP/seccomp-gen/node_modules/.bin/seccomp-gen"}
read -ra kinds <<<"$FAIL_ON"
arguments=(review)
if [ -n "$BASE" ]; then
  # A shallow checkout has no base yet.
  git cat-file -e "$BASE^{commit}" 2>/dev/null || git fetch --quiet --no-tags --depth=1 origin "$BASE"
  arguments+=("$BASE")
fi
if [ "$SARIF" = true ]; then arguments+=(--also "sarif=$RUNNER_TEMP/seccomp-gen.sarif"); fi
code=0
# What a change makes take too long is no change to wave through.
timeout "${TIME_LIMIT:-600}" "$program" "${arguments[@]}" --fail-on "${kinds[@]}" >"$RUNNER_TEMP/seccomp-gen-review.md" || code=$?
if [ "$code" -eq 124 ]; then echo "::error::seccomp-gen review took too long"; fi
if [ "$code" -gt 1 ]; then exit "$code"; fi
cat "$RUNNER_TEMP/seccomp-gen-review.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
echo "$code" >"$RUNNER_TEMP/seccomp-gen-exit"
