// What each workload of the evaluation does in the recorded half (a), and in the half that its profiles have not seen
// (b).
//
// Services are recorded with a request or two. Their second half is what production adds: errors, load, rotated logs, a
// reload, another way of stopping. A client exercises them from a second container, which shares the first one's
// network, pid namespace and volumes. So the service is process 1 there. The backup script meets other data, a full
// device, a missing folder and a signal. The other programs that end by themselves do another kind of work than the
// recorded one.

const http =
  "get() { curl -s -m 10 --retry 20 --retry-delay 1 --retry-connrefused -o /dev/null -w " +
  "'%{http_code} ' \"$@\" http://127.0.0.1:$port$path; }; ";
const load =
  'seq 60 | xargs -P 6 -n 10 sh -c \'for n; do curl -s -m 10 -o /dev/null -w "%{http_code}\\n" ' +
  "http://127.0.0.1:'$port'/; done' each | sort | uniq -c | tr -s ' '; ";
const ask =
  "ask() { for n in $(seq 60); do (exec 3<>/dev/tcp/127.0.0.1/8000) 2>/dev/null && break; sleep " +
  '0.3; done; exec 3<>/dev/tcp/127.0.0.1/8000; printf "$1 $2 HTTP/1.0\\r\\n\\r\\n" >&3; timeout ' +
  "5 head -1 <&3 | tr -d '\\r'; exec 3>&-; }; ";
const talk =
  "wait_for() { for n in $(seq 60); do (exec 3<>/dev/tcp/127.0.0.1/$1) 2>/dev/null && return; " +
  'sleep 0.3; done; }; talk() { exec 3<>/dev/tcp/127.0.0.1/11211; printf "$1\\r\\nquit\\r\\n" ' +
  ">&3; timeout 5 cat <&3 | tr -d '\\r'; exec 3>&-; }; ";

const slug = (name) =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");

export const service = (name, words, port, a, b, { options = [], stop, image = "seccomp-gen-evaluate" } = {}) => ({
  name,
  slug: slug(name),
  image,
  options: ["--network", "none", ...options],
  words,
  a: { exercise: `port=${port}; ${http}${talk}${a}`, options: [] },
  b: { exercise: `port=${port}; ${http}${talk}${b}`, options: stop === undefined ? [] : ["--stop-signal", stop] },
});

export const command = (name, program, a, b, image = "seccomp-gen-base:bookworm") => ({
  name,
  slug: slug(name),
  image,
  options: ["--network", "none"],
  a: { words: [...program, ...[a].flat()], options: [] },
  b: { words: [...program, ...[b].flat()], options: [] },
});

const backup =
  "backup() { cd $1 || return 3; tar cf - $2 2>/dev/null | gzip > /tmp/x.tgz || return 4; find $2 " +
  "-type f | sort | uniq -c | sort -rn > /tmp/report; wc -l < /tmp/report; cp /tmp/report $3 || " +
  "return 5; mv /tmp/x.tgz /tmp/y.tgz; rm /tmp/report; }; ";

/** The other days of the same program. `file`: the Dockerfile that makes the day's image from `from`. */
export const days = [
  {
    name: "next release",
    words: "with Debian 13's packages and libraries",
    slug: "next",
    file: "Dockerfile.next",
    suite: "trixie",
    from: () => "seccomp-gen-base:trixie",
    image: () => "seccomp-gen-evaluate-next",
  },
  {
    name: "no vDSO",
    words: "without a vDSO",
    slug: "without-vdso",
    file: "Dockerfile.without-vdso",
    from: (image) => image,
    image: (image) => `${image.replace(":", "-")}-without-vdso`,
  },
];

export const workloads = [
  service(
    "nginx",
    ["nginx", "-g", "daemon off;"],
    80,
    "path=/ get; path=/nothing get; path=/ get -I",
    "path=/ get; mv /var/log/nginx/access.log /var/log/nginx/access.log.1; kill -USR1 1; sleep 0.5; " +
      "path=/ get -r 1-3; path=/ get -d x=y; test -e /var/log/nginx/access.log && echo rotated; kill " +
      `-HUP 1; sleep 1; path=/ get; ${load}`,
    { options: ["-v", "/var/log/nginx"], stop: "QUIT", image: "seccomp-gen-test-nginx" },
  ),
  service(
    "apache",
    ["sh", "-c", ". /etc/apache2/envvars; mkdir -p $APACHE_RUN_DIR; exec apache2 -D FOREGROUND"],
    80,
    "path=/ get; path=/nothing get; path=/ get -I",
    "path=/ get; mv /var/log/apache2/access.log /var/log/apache2/access.log.1; kill -USR1 1; sleep " +
      "1; path=/ get -r 1-3; path=/ get -d x=y; test -e /var/log/apache2/access.log && echo rotated; " +
      `path=/icons/ get; kill -HUP 1; sleep 1; path=/ get; ${load}`,
    { options: ["-v", "/var/log/apache2"], stop: "WINCH" },
  ),
  service(
    "haproxy",
    ["haproxy", "-W", "-db", "-f", "/etc/evaluate/haproxy.cfg"],
    8000,
    "path=/ get; path=/nothing get",
    `path=/ get; path=/refused get --retry 0; kill -USR2 1; sleep 1; path=/ get; ${load}`,
    { stop: "USR1" },
  ),
  service(
    "redis",
    ["redis-server", "--bind", "127.0.0.1", "--dir", "/tmp"],
    6379,
    "wait_for 6379; redis-cli set key value; redis-cli get key",
    "wait_for 6379; redis-cli set key value; redis-cli nonsense; redis-cli bgrewriteaof; for n in " +
      "$(seq 50); do redis-cli info persistence | grep -q aof_rewrite_in_progress:0 && break; sleep " +
      "0.2; done; redis-cli bgsave; for n in $(seq 50); do redis-cli info persistence | grep -q " +
      "rdb_bgsave_in_progress:0 && break; sleep 0.2; done; redis-cli config set appendonly yes; " +
      "redis-cli config rewrite; redis-cli eval 'return 7' 0; redis-cli save; redis-benchmark -q -c 20 " +
      "-n 2000 -t set,lpush > /dev/null 2>&1; echo $?; redis-cli unlink mylist; redis-cli memory " +
      "purge; redis-cli info persistence | grep -a bgsave_status | tr -d '\\r'",
    { image: "seccomp-gen-test-redis" },
  ),
  service(
    "memcached",
    ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-m", "16"],
    11211,
    "wait_for 11211; talk 'set a 0 0 1\\r\\nb'; talk 'get a'",
    "wait_for 11211; talk 'set a 0 0 1\\r\\nb'; talk nonsense; talk 'get missing'; for n in $(seq " +
      "12); do (head -c 900000 /dev/zero | tr '\\0' x > /tmp/v$n; exec 3<>/dev/tcp/127.0.0.1/11211; { " +
      "printf \"set k$n 0 0 900000\\r\\n\"; cat /tmp/v$n; printf '\\r\\nquit\\r\\n'; } >&3; timeout 5 " +
      "cat <&3) & done; wait; talk 'flush_all'; talk 'verbosity 2'",
    { stop: "INT" },
  ),
  service(
    "python http.server",
    ["python3", "-m", "http.server", "--bind", "127.0.0.1", "8000"],
    8000,
    `${ask}ask GET /`,
    `${ask}ask GET /; ask GET /nothing; ask POST /; ask GET /usr/; for n in $(seq 20); do ask HEAD / & done; wait`,
    { options: ["--entrypoint", ""], stop: "INT", image: "seccomp-gen-test-python" },
  ),
  service(
    "postgres",
    ["/usr/lib/postgresql/15/bin/postgres", "-D", "/var/lib/evaluate/data", "-k", "/tmp", "-c", "logging_collector=on"],
    5432,
    "export PGHOST=127.0.0.1 PGUSER=postgres; for n in $(seq 60); do pg_isready -q && break; sleep " +
      "0.3; done; psql -qAt -c 'create table t(a int)' -c 'insert into t values (1)' -c 'select * from " +
      "t'",
    "export PGHOST=127.0.0.1 PGUSER=postgres; for n in $(seq 60); do pg_isready -q && break; sleep " +
      "0.3; done; psql -qAt -c 'create table t(a int primary key, b text)' -c \"insert into t select " +
      "n, repeat('x', n % 3000) from generate_series(1, 20000) n\" -c 'select pg_rotate_logfile()' -c " +
      "'select count(*) from t where b like $$%xxxx%$$' -c 'vacuum full t' -c 'checkpoint'; psql -qAt " +
      "-c 'nonsense' 2>/dev/null; echo $?; kill -HUP 1; sleep 0.5; pgbench -i -q 2>/dev/null; pgbench " +
      "-c 4 -j 2 -t 20 > /dev/null 2>&1; echo $?; psql -qAt -c \"copy (select 1) to '/tmp/copy'\" -c " +
      "'set work_mem=$$64kB$$; select count(distinct b) from t' -c 'drop table t'",
    { options: ["--user", "postgres"], stop: "INT" },
  ),
  service(
    "node",
    [
      "node",
      "-e",
      `
const fs = require('fs'), zlib = require('zlib'), child = require('child_process');
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => { server.close(() => process.exit(3)); server.closeAllConnections(); });
const pages = {
  '/rotate': () => {
    fs.appendFileSync('/tmp/log', 'x');
    fs.renameSync('/tmp/log', '/tmp/log.1');
    fs.unlinkSync('/tmp/log.1');
    return 'rotated';
  },
  '/missing': () => fs.promises.readFile('/nothing'),
  '/garbage': () => {
    let all = [];
    for (let n = 0; n < 3e5; n++) all.push({ n, text: 'x' + n });
    return String(all.length);
  },
  '/zip': () => new Promise((done) => zlib.gzip('x'.repeat(1e6), (error, bytes) => done(String(bytes.length)))),
  '/refused': () => new Promise((done) =>
    require('net').connect(9, '127.0.0.1').on('error', (error) => done(error.code))),
  '/sleep': () => new Promise((done) => setTimeout(done, 50, 'slept')),
};
const server = require('http').createServer(async (request, response) => {
  try { response.end(await (pages[request.url] ?? (() => 'a page'))()); } catch (error) { response.end(error.code); }
}).listen(8000, '127.0.0.1');`,
    ],
    8000,
    "path=/ get; path=/ get",
    `for path in / /rotate /missing /garbage /zip /refused /sleep; do get; done; ${load}`,
    { stop: "INT" },
  ),
  service(
    "java",
    ["java", "-cp", "/etc/evaluate", "Web"],
    8000,
    "path=/ get; path=/ get",
    "for path in / /rotate /missing /garbage /sleep /refused; do get; done; kill -QUIT 1; sleep 0.5; " + `${load}`,
    { stop: "INT" },
  ),
  service(
    "ruby",
    [
      "ruby",
      "-rsocket",
      "-e",
      `
trap('INT') { exit 3 }
trap('TERM') { exit 0 }
trap('HUP') { $log = File.open('/tmp/log', 'a') }
server = TCPServer.new('127.0.0.1', 8000)
loop { Thread.new(server.accept) { |client|
  begin
    path = client.gets.to_s.split[1]
    while (line = client.gets) && !line.strip.empty?; end
    body = begin
      case path
      when '/missing' then File.read('/nothing')
      when '/garbage' then 300_000.times.map { |n| 'x' * (n % 50) }.size; GC.start; 'clean'
      when '/sleep' then sleep 0.05; 'slept'
      when '/rotate'
        File.write('/tmp/l', 'x')
        File.rename('/tmp/l', '/tmp/l.1')
        File.delete('/tmp/l.1')
        'rotated'
      when '/refused' then TCPSocket.new('127.0.0.1', 9)
      else 'a page'
      end
    rescue SystemCallError => error
      error.class.to_s
    end
    client.write "HTTP/1.0 200 OK\\nContent-Length: #{body.to_s.size}\\n\\n#{body}"
  ensure
    client.close
  end
} }`,
    ],
    8000,
    "path=/ get; path=/ get",
    `for path in / /rotate /missing /garbage /sleep /refused; do get; done; kill -HUP 1; ${load}`,
    { stop: "INT" },
  ),
  service(
    "php",
    [
      "sh",
      "-c",
      `cat > /tmp/page.php <<'end'
<?php
$path = $_SERVER['REQUEST_URI'];
if ($path == '/missing') echo var_export(@file_get_contents('/nothing'));
elseif ($path == '/garbage') { $all = range(1, 500000); echo count($all), gc_collect_cycles(); }
elseif ($path == '/sleep') { usleep(50000); echo 'slept'; }
elseif ($path == '/session') { session_save_path('/tmp'); session_start(); $_SESSION['n'] = 1; echo 'session'; }
elseif ($path == '/error') throw new Exception('no');
else echo 'a page';
end
exec php -S 127.0.0.1:8000 /tmp/page.php 2> /tmp/log`,
    ],
    8000,
    "path=/ get; path=/ get",
    `for path in / /missing /garbage /sleep /session /error; do get; done; ${load}`,
    { stop: "INT" },
  ),
  command(
    "backup script",
    ["sh", "-c"],
    `${backup}backup / etc /tmp/kept`,
    `${backup}backup / usr/share/doc /tmp/kept; echo $?; backup / etc /dev/full; echo $?; backup ` +
      "/nothing etc x; echo $?; trap 'echo caught; exit 9' TERM; sleep 0.2 & wait; kill $$",
  ),
  command(
    "bash",
    ["bash", "-c"],
    "for n in 1 2 3; do echo $n; done | sort -r; test -e /etc/passwd && echo there",
    "trap 'echo caught' USR1; kill -USR1 $$; cat <<< here; cd /nothing || echo no; ls /nothing " +
      "2>/dev/null; echo $?; sleep 0.1 & wait $!; echo $?; diff <(seq 3) <(seq 4); ulimit -n 100; exec " +
      "5>/tmp/x; echo y >&5; mkfifo /tmp/f; (echo z > /tmp/f &); cat /tmp/f; umask 77; printf " +
      "'%(%Y)T\\n' 0; timeout 0.1 sleep 5; echo $?; exit 7",
  ),
  command(
    "coreutils",
    ["sh", "-c"],
    "tar cf /tmp/x.tar /etc/passwd 2>/dev/null; ls /tmp; cp /etc/passwd /tmp/p",
    "cd /tmp; tar czf x.tgz -C / etc/passwd; tar xzf x.tgz; mv etc/passwd p; ln -s p l; readlink l; " +
      "chmod 600 p; stat -c %a p; touch -d @0 p; rm -r etc; mkdir -p a/b; rmdir a/b; df / > /dev/null; " +
      "echo $?; split -b 100 p s; ls s* | head -2; sort -S 1M p | tail -1; rm /nothing 2>/dev/null || " +
      "echo no; dd if=/dev/full of=q count=1 2>/dev/null; truncate -s 5 q; stat -c %s q; sync q; cp " +
      "--preserve=all p r; echo x > /dev/full || echo full; exit 4",
  ),
  command(
    "busybox (static)",
    ["/bin/busybox", "sh", "-c"],
    "busybox ls /etc/passwd; busybox cat /etc/hostname > /dev/null; echo a | busybox grep a",
    "busybox find /etc -maxdepth 1 -name passwd; busybox cp /etc/passwd /tmp/p; busybox wc -l < " +
      "/tmp/p > /dev/null; busybox tar cf /tmp/x.tar -C /tmp p; busybox rm /tmp/p; busybox ls /nothing " +
      "2>/dev/null || echo no; busybox sleep 0.1 & wait; busybox sort /etc/passwd | busybox tail -n 1; " +
      "busybox date -u -d @0 +%Y; exit 6",
    "seccomp-gen-evaluate",
  ),
  command(
    "perl",
    ["perl", "-e"],
    "open F, '/etc/passwd'; my @l = <F>; print scalar(@l) > 3, qq(\\n)",
    "use Socket; use POSIX; $SIG{ALRM} = sub { print qq(alarm\\n) }; alarm 1; sleep 3; socketpair(A, " +
      "B, AF_UNIX, SOCK_STREAM, 0) or die; $| = 1; if (my $p = fork) { waitpid $p, 0; print $? >> 8, " +
      "qq(\\n) } else { exit 5 } print `echo child`; open(F, '<', '/nothing') or print qq($!\\n); " +
      "mkdir '/tmp/d'; rename '/tmp/d', '/tmp/e'; print -d '/tmp/e', qq(\\n); select undef, undef, " +
      "undef, 0.1; utime 0, 0, '/tmp/e'; print join(',', sort map { length } glob '/etc/host*'), " +
      "qq(\\n); die qq(over\\n)",
  ),
  command(
    "sqlite3",
    ["sh", "-c"],
    "sqlite3 /tmp/d 'create table t(a); insert into t values(1); select * from t'",
    "sqlite3 /tmp/d 'pragma journal_mode=wal; create table t(a, b); insert into t select value, " +
      "hex(randomblob(200)) from generate_series(1, 3000); create index i on t(b); select count(*) " +
      "from t; delete from t where a > 10; vacuum; pragma wal_checkpoint(truncate); pragma " +
      "mmap_size=1000000; select sum(a) from t;'; sqlite3 /nothing/d 'create table t(a)' 2>/dev/null " +
      "|| echo no; sqlite3 /tmp/d .dump | wc -l; sqlite3 /tmp/d 'syntax error' 2>/dev/null; echo $?",
    "seccomp-gen-evaluate",
  ),
  command(
    "git",
    ["sh", "-c"],
    "cd /tmp; git init -q r 2>/dev/null; cd r; echo a > f; git add f; git -c user.name=a -c " +
      "user.email=a@b commit -qm first; git log --format=%s",
    "cd /tmp; git init -q r 2>/dev/null; cd r; git config user.name a; git config user.email a@b; " +
      "for n in 1 2 3; do echo $n >> f; git add f; git commit -qm $n; done; git checkout -qb x HEAD~1; " +
      "echo y > g; git add g; git commit -qm y; git merge -q - -m m > /dev/null; git gc -q; git clone " +
      "-q . ../c; git -C ../c log --format=%s | wc -l; git diff HEAD~1 --stat | tail -1; git stash -q; " +
      "git fsck 2>/dev/null; git show nothing 2>/dev/null; echo $?; git grep -c 1",
    "seccomp-gen-evaluate",
  ),
];
