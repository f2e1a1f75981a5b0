#!/usr/bin/env bash
# Records the committed examples again, from the tests' images: traces/<name>/recording.json and profiles/<name>.json
# for nginx and redis.
set -euo pipefail

cd "$(dirname "$0")/../.."
npm run -s build
bash tools/engine/engine.sh start
eval "$(bash tools/engine/engine.sh env)"
bash tools/engine/engine.sh base-image

record() {
  local name=$1 client=$2
  local image=seccomp-gen-test-$name
  DOCKER_BUILDKIT=0 docker build -q --network host -t "$image" "test/live/workloads/$name" >/dev/null 2>&1
  node dist/cli.cjs record --force --name "$name" \
    --while "docker run --rm --network container:\$SECCOMP_GEN_CONTAINER --entrypoint sh $image -ec '$client'" \
    -- docker run --rm --network none "$image"
}

record nginx 'curl -sf --retry 20 --retry-delay 1 --retry-connrefused http://127.0.0.1/
  curl -s http://127.0.0.1/missing
  curl -sfI http://127.0.0.1/'
record redis 'for n in $(seq 50); do timeout 2 redis-cli ping && break; sleep 0.2; done
  redis-cli set key value
  redis-cli get key
  redis-cli bgsave
  sleep 1
  redis-cli shutdown save || true'
