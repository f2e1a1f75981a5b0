#!/bin/bash
# Reviews, and leaves comment, SARIF and exit code in $RUNNER_TEMP. A later step gives the verdict, after the comment.
set -euo pipefail
program=${SECCOMP_GEN:-"$RUNNER_TEMP/seccomp-gen/node_modules/.bin/seccomp-gen"}
read -ra kinds <<<"$FAIL_ON"
arguments=(review)
# For a pull request, GitHub checks out its merge into the target (refs/pull/N/merge). The first parent is the target. The
# event's own base may be older.
if [[ "${GITHUB_REF:-}" =~ ^refs/pull/[0-9]+/merge$ ]] && [ "${BASE_IS_DEFAULT:-false}" = true ]; then
  git cat-file -e "HEAD^1^{commit}" 2>/dev/null || git fetch --quiet --no-tags --depth=2 origin "+$GITHUB_REF:$GITHUB_REF"
  if git cat-file -e "HEAD^2^{commit}" 2>/dev/null; then BASE=$(git rev-parse "HEAD^1"); fi
fi
if [ -n "$BASE" ]; then
  # A shallow checkout has no base yet.
  git cat-file -e "$BASE^{commit}" 2>/dev/null || git fetch --quiet --no-tags --depth=1 origin "$BASE"
  arguments+=("$BASE")
fi
if [ "$SARIF" = true ]; then arguments+=(--also "sarif=$RUNNER_TEMP/seccomp-gen.sarif"); fi
code=0
# A change that makes the review take too long must not pass.
timeout "${TIME_LIMIT:-600}" "$program" "${arguments[@]}" --fail-on "${kinds[@]}" >"$RUNNER_TEMP/seccomp-gen-review.md" || code=$?
if [ "$code" -eq 124 ]; then echo "::error::seccomp-gen review took too long"; fi
if [ "$code" -gt 1 ]; then exit "$code"; fi
cat "$RUNNER_TEMP/seccomp-gen-review.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
# The change does not concern profiles, so no comment is worth a notification.
if grep -qFx "No profile and no recording has changed." "$RUNNER_TEMP/seccomp-gen-review.md"; then touch "$RUNNER_TEMP/seccomp-gen-nothing"; fi
echo "$code" >"$RUNNER_TEMP/seccomp-gen-exit"
