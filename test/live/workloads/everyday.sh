# What shell scripts do every day, with programs whose calls change from one release of coreutils and libc to the next.
cd /tmp
ls -l /etc/passwd | cut -c1-10; cp -a /etc/passwd p; cp --reflink=auto p p2; tar cf x.tar p p2; tar tf x.tar
find /etc -maxdepth 1 -name 'p*' | sort | head -2; date -d @0 -u +%Y
perl -e 'print 1+1, "\n"; my @l=glob("/etc/p*"); print @l>0, "\n"; system("echo hi"); print `echo x`;'
seq 5 | sort -r | head -1
dd if=/dev/zero of=z bs=1k count=3 2>/dev/null; mv z y
touch -d @0 y; stat -c %Y y; ln -s y l; readlink l; rm -rf x.tar p p2
df / >/dev/null && echo df; id -un
getent hosts localhost | head -1 | wc -l; sleep 0.1
mkdir -p a/b; rmdir a/b; du -s a >/dev/null && echo du
cat /proc/self/status | grep -c Name; chmod 600 y; chown 1:1 y
(sleep 5 & kill $!; wait $! ; echo $?) 2>/dev/null
timeout 0.1 sleep 3; echo $?
install -m 755 y yy; sync; mktemp -u | wc -c; head -c 10 /dev/urandom | wc -c
split -b 1k y; nproc >/dev/null; uname -s
env | grep -c PATH; xargs -n1 echo < /etc/hostname | wc -l
grep -r root /etc/passwd | wc -l; sed -n 1p /etc/passwd | awk -F: '{print $1}'
