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
code=0
"$program" "${arguments[@]}" --fail-on "${kinds[@]}" >"$RUNNER_TEMP/seccomp-gen-review.md" || code=$?
if [ "$code" -gt 1 ]; then exit "$code"; fi
cat "$RUNNER_TEMP/seccomp-gen-review.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
if [ "$SARIF" = true ]; then
  mapfile -t files < <(compgen -G "$PROFILES" || true)
  if [ "${#files[@]}" -gt 0 ]; then
    lint=0
    "$program" lint --format sarif "${files[@]}" >"$RUNNER_TEMP/seccomp-gen.sarif" || lint=$?
    if [ "$lint" -gt 1 ]; then exit "$lint"; fi
  fi
fi
echo "$code" >"$RUNNER_TEMP/seccomp-gen-exit"
