# A pipeline with children, a subshell in the background, a trap and an exit code of its own.
trap 'echo trapped' USR1
(sleep 0.1; echo background > /tmp/out) &
kill -USR1 $$
seq 1 100 | grep 7 | sort -r | awk '{ sum += $1 } END { print sum }'
wait
cat /tmp/out
find /etc -maxdepth 1 -name 'p*' | sort | head -2
tar -C /etc -c passwd | tar -t
exit 3
