#!/bin/sh
# Installs what test/reach builds its small binaries with. As root on Debian; elsewhere it prints the line to run.
packages="gcc libc6-dev musl-tools golang-go gcc-aarch64-linux-gnu libc6-dev-arm64-cross binutils strace"
missing=""
for tool in gcc musl-gcc go aarch64-linux-gnu-gcc objcopy strace; do
  command -v "$tool" > /dev/null || missing="$missing $tool"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  for try in 1 2 3 4 5; do
    apt-get update -q && apt-get install -y -q --no-install-recommends $packages && exit 0
    sleep 5
  done
fi
echo "test/reach needs:$missing. Run: sudo apt-get install -y $packages" >&2
exit 1
