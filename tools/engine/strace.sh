#!/usr/bin/env bash
# Gets the strace of Debian's next release beside the machine's own. It has options that an older one lacks.
# Usage: strace.sh. It prints the path of a program that runs it with its own loader and libraries.
set -euo pipefail

folder=$(bash "$(dirname "$0")/unpacked.sh" testing strace)
program=$folder/strace-with-its-libraries
if [ ! -x "$program" ]; then
  libc=$(find "$folder/usr/lib" -name libc.so.6 -print -quit)
  loader=$(find "$folder/usr/lib" -name 'ld-linux*.so.*' -print -quit)
  new=$(mktemp "$folder/.program.XXXXXX")
  echo '#!/bin/sh' >"$new"
  echo "exec $loader --library-path $(dirname "$libc") $folder/usr/bin/strace" '"$@"' >>"$new"
  chmod 755 "$new"
  mv "$new" "$program"
fi
echo "$program"
