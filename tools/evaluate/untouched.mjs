// Workloads with which no row of the policy was made or tuned. Their needs are never a reason to change a table: a test
// checks that no row names one of their programs.
import { command, service } from "./workloads.mjs";

const image = "seccomp-gen-evaluate-untouched";
const client = { image };

/** One request to a service that answers each line with a line. */
const say =
  "say() { for n in $(seq 60); do (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null && break; sleep 0.3; done; " +
  'for word; do exec 3<>/dev/tcp/127.0.0.1/$port; printf "$word\\r\\n" >&3; timeout 5 cat <&3; exec 3>&-; done; }; ';
const wait = "for n in $(seq 60); do (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null && break; sleep 0.3; done; ";
/** The bodies of pages, one on a line. */
const bodies = (...paths) => `for path in ${paths.join(" ")}; do curl -s -m 10 http://127.0.0.1:$port$path; echo; done`;
const load =
  'seq 60 | xargs -P 6 -n 10 sh -c \'for n; do curl -s -m 10 -o /dev/null -w "%{http_code}\\n" ' +
  "http://127.0.0.1:'$port'/; done' each | sort | uniq -c | tr -s ' '";

/** A mail over SMTP that bash sends: FROM and the recipients. */
const mail =
  "mail() { exec 3<>/dev/tcp/127.0.0.1/2525; read -t 20 -r line <&3; for word in 'EHLO client' " +
  "'MAIL FROM:<a@evaluate.test>' " +
  '$(printf "RCPT%%TO:<%s@evaluate.test> " "$@") DATA; do printf "%s\\r\\n" "${word//%/ }" >&3; ' +
  "while read -t 20 -r line <&3; do case $line in ???-*) ;; *) break ;; esac; done; printf '%s ' ${line%% *}; done; " +
  "printf 'Subject: x\\r\\n\\r\\na line\\r\\n.\\r\\nQUIT\\r\\n' >&3; read -t 20 -r line <&3; echo " +
  "${line%% *}; exec 3>&-; }; ";
const smtp = `${wait}${mail}`;
const mailbox = "--volume=/var/lib/evaluate/mail";
const inTmp = "--volume=/tmp";

const dig = "dig +short +tries=2 +time=2 -p 5300 @127.0.0.1";
const ldap = "-x -H ldap://127.0.0.1:3890 -D cn=admin,dc=example,dc=test -w secret";
const entry = (name) => `printf 'dn: cn=${name},dc=example,dc=test\\nobjectClass: person\\ncn: ${name}\\nsn: X\\n'`;
const imap = "curl -s -m 20 -u mailer:secret imap://127.0.0.1:1143";

export const untouched = [
  service(
    "bind9",
    ["named", "-f", "-u", "bind", "-c", "/etc/evaluate/named.conf"],
    5300,
    `${wait}${dig} www.example.test; ${dig} nothing.example.test`,
    `${wait}${dig} www.example.test; ${dig} +tcp long.example.test TXT; ${dig} example.test AXFR | wc -l; ` +
      `for n in $(seq 60); do echo www.example.test; done > /tmp/asked; dig +short +tries=1 +time=1 -p ` +
      `5300 @127.0.0.1 -f /tmp/asked | sort | uniq -c | tr -s ' '; ` +
      "printf 'server 127.0.0.1 5300\\nupdate add new.example.test 60 A 192.0.2.9\\nsend\\n' | nsupdate; " +
      `${dig} new.example.test; kill -HUP 1; sleep 1; ${dig} www.example.test; ${dig} chaos version.bind TXT | wc -l`,
    { ...client, stop: "INT" },
  ),
  service(
    "slapd",
    ["slapd", "-d", "0", "-u", "openldap", "-h", "ldap://127.0.0.1:3890", "-f", "/etc/evaluate/slapd.conf"],
    3890,
    `${wait}ldapsearch -LLL ${ldap} -b dc=example,dc=test sn | sort`,
    `${wait}ldapsearch -LLL ${ldap} -b dc=example,dc=test sn | sort; ${entry("two")} | ldapadd ${ldap}; ` +
      `printf 'dn: cn=two,dc=example,dc=test\\nchangetype: modify\\nreplace: sn\\nsn: Y\\n' | ldapmodify ${ldap}; ` +
      `ldapsearch -LLL ${ldap} -b dc=example,dc=test '(sn=Y)' cn; ldapdelete ${ldap} cn=two,dc=example,dc=test; ` +
      `for n in $(seq 20); do ${entry("n$n").replaceAll("'", '"')} | ldapadd ${ldap}; done | wc -l; ` +
      `ldapsearch -x -H ldap://127.0.0.1:3890 -D cn=admin,dc=example,dc=test -w wrong -b dc=example,dc=test; echo $?`,
    { ...client, stop: "INT" },
  ),
  service(
    "dovecot",
    ["dovecot", "-F", "-c", "/etc/evaluate/dovecot.conf"],
    1143,
    `${wait}${imap}/ | tr -d '\\r'`,
    `${wait}${imap}/ | tr -d '\\r'; printf 'Subject: x\\r\\n\\r\\na line\\r\\n' > /tmp/mail; ${imap}/INBOX ` +
      "-T /tmp/mail; " +
      `${imap}/INBOX -T /tmp/mail; ${imap}'/INBOX;MAILINDEX=1' | tr -d '\\r'; ${imap}/INBOX -X 'SEARCH ` +
      "SUBJECT x' | tr -d '\\r'; " +
      `${imap}/INBOX -X 'STORE 1 +FLAGS (\\Deleted)' | tr -d '\\r'; ${imap}/INBOX -X EXPUNGE | tr -d '\\r'; ` +
      `${imap}/ -X 'CREATE new' | tr -d '\\r'; ${imap}/ -X 'RENAME new old' | tr -d '\\r'; ` +
      "curl -s -m 20 -u mailer:wrong imap://127.0.0.1:1143/; echo $?; kill -HUP 1; sleep 1; kill -USR1 1; sleep 1; " +
      `${imap}/ | tr -d '\\r'`,
    { ...client, options: [mailbox, inTmp] },
  ),
  service(
    "rsync daemon",
    ["rsync", "--daemon", "--no-detach", "--config=/etc/evaluate/rsyncd.conf"],
    8730,
    `${wait}rsync --port=8730 127.0.0.1:: ; rsync --port=8730 127.0.0.1::files/numbers /dev/shm/`,
    `${wait}rsync --port=8730 -az 127.0.0.1::files/ /dev/shm/copy/; ls /dev/shm/copy | wc -l; cp -r ` +
      "/usr/share/perl5 /dev/shm/tree; " +
      "rsync --port=8730 -aHz --delete /dev/shm/tree/ 127.0.0.1::upload/; echo $?; rm -r /dev/shm/tree/Mojo; " +
      "rsync --port=8730 -ac --delete --backup --suffix=.old /dev/shm/tree/ 127.0.0.1::upload/; echo $?; " +
      "rsync --port=8730 127.0.0.1::nothing/ 2>/dev/null; echo $?; rsync --port=8730 --partial " +
      "--inplace -z /srv/files/numbers 127.0.0.1::upload/; echo $?",
    client,
  ),
  service(
    "gunicorn and flask",
    ["gunicorn", "-w", "2", "-b", "127.0.0.1:8000", "--chdir", "/etc/evaluate", "app:app"],
    8000,
    "path=/ get; path=/nothing get",
    `path=/ get; curl -s -m 10 --data-binary @/srv/files/numbers http://127.0.0.1:$port/upload; echo; ` +
      `${bodies("/database", "/program", "/threads", "/refused")}; path=/broken get; kill -HUP 1; ` +
      "sleep 2; path=/ get; " +
      `kill -TTIN 1; sleep 1; kill -USR1 1; sleep 1; ${load}`,
    client,
  ),
  service(
    "nginx and php-fpm",
    ["sh", "-c", "fpm -y /etc/evaluate/fpm.conf && exec nginx -c /etc/evaluate/nginx.conf -g 'daemon off;'"],
    8000,
    "path=/ get; path=/static/numbers get",
    `path=/ get; ${bodies("/?session", "/?write", "/?shell", "/?list", "/?fetch")}; path=/?broken ` +
      "get; path=/static/ get; " +
      "path=/static/numbers get -H 'Accept-Encoding: gzip'; path=/static/numbers get -r 5-9; " +
      `path=/ get -d x=y; kill -HUP 1; sleep 1; ${load}`,
    { ...client, stop: "QUIT" },
  ),
  service(
    "Go server",
    ["go-server"],
    8000,
    "path=/ get",
    `${bodies("/", "/write", "/program", "/hash", "/walk", "/refused", "/load", "/user", "/link")}; path=/file get; ` +
      `path=/file get -r 5-9; kill -HUP 1; sleep 0.3; ${load}`,
    client,
  ),
  command(
    "ffmpeg",
    ["sh", "-c"],
    ["exec ffmpeg -v error -y -f lavfi -i sine=d=1 /tmp/a.wav"],
    [
      "ffmpeg -v error -y -f lavfi -i sine=d=1 /tmp/a.flac; ffmpeg -v error -y -i /tmp/a.flac -c:a " +
        "libmp3lame /tmp/a.mp3; " +
        "ffmpeg -v error -y -f lavfi -i testsrc=d=1:s=64x64 -threads 4 -c:v libx264 /tmp/a.mp4; " +
        "ffmpeg -v error -y -i /tmp/a.mp4 -r 2 /tmp/frame%d.png; ls /tmp/frame* | wc -l; " +
        "ffmpeg -v error -i /tmp/a.mp4 -f null - ; ffmpeg -v quiet -i /nothing /tmp/b.mp4; echo $?; " +
        "cat /tmp/a.mp3 | ffmpeg -v error -i - -f wav - | wc -c",
    ],
    image,
  ),
  service(
    "squid",
    [
      "sh",
      "-c",
      "install -d -o proxy /tmp/squid && squid -f /etc/evaluate/squid.conf -N -z 2>/dev/null; exec " +
        "squid -N -f /etc/evaluate/squid.conf",
    ],
    3128,
    `${wait}python3 -m http.server --bind 127.0.0.1 --directory /srv/files 8001 2>/dev/null & sleep 1; ` +
      "curl -s -m 20 --retry 20 --retry-delay 1 --retry-connrefused -o /dev/null -w '%{http_code}\\n' " +
      "-x 127.0.0.1:3128 http://127.0.0.1:8001/numbers; kill %1",
    `${wait}python3 -m http.server --bind 127.0.0.1 --directory /srv/files 8001 2>/dev/null & sleep 1; ` +
      "ask() { curl -s -m 20 --retry 20 --retry-delay 1 --retry-connrefused -o /dev/null -w " +
      "'%{http_code}\\n' -x 127.0.0.1:3128 \"$@\"; }; " +
      "ask http://127.0.0.1:8001/numbers; ask http://127.0.0.1:8001/numbers; ask " +
      "http://127.0.0.1:8001/nothing; ask http://127.0.0.1:9/; " +
      "ask -d x=y http://127.0.0.1:8001/; ask -p http://127.0.0.1:443/; kill -USR1 1; sleep 1; kill " +
      "-HUP 1; sleep 2; ask http://127.0.0.1:8001/numbers; " +
      "for n in $(seq 20); do ask http://127.0.0.1:8001/link?$n; done | sort | uniq -c | tr -s ' '; kill %1",
    client,
  ),
  service(
    "exim",
    ["exim4", "-bdf", "-q1m"],
    2525,
    `${smtp}mail mailer; sleep 2; ls /var/lib/evaluate/mail`,
    `${smtp}mail mailer; mail mailer mailer; mail piped; sleep 2; mail nobody; sleep 2; ls ` +
      "/var/lib/evaluate/mail; cat /tmp/lines; " +
      "grep -c '^From ' /var/lib/evaluate/mail/inbox; kill -HUP 1; sleep 2; mail mailer; sleep 1; grep " +
      "-c '^From ' /var/lib/evaluate/mail/inbox",
    { ...client, options: [mailbox, inTmp] },
  ),
  service(
    "supervisor",
    ["supervisord", "-c", "/etc/evaluate/supervisord.conf"],
    8000,
    "path=/ get",
    "path=/ get; supervisorctl -c /etc/evaluate/supervisord.conf restart web; path=/numbers get; " +
      "pkill -KILL -f 'http[.]server'; sleep 3; path=/ get; supervisorctl -c " +
      "/etc/evaluate/supervisord.conf stop ticker; " +
      "kill -USR2 1; sleep 1; supervisorctl -c /etc/evaluate/supervisord.conf status | awk '{print $1, " +
      "$2}'; kill -HUP 1; sleep 4; path=/ get",
    { ...client, options: [inTmp] },
  ),
  service(
    "C server",
    ["c-worker"],
    8000,
    `${say}say hello`,
    `${say}say hello shm sem timer posix-timer child thread file watch popen log hello`,
    client,
  ),
  command("musl, static", ["musl-files"], ["read"], ["all"], image),
  command("R", ["Rscript", "/etc/evaluate/plots.R"], [], ["more"], image),
  command(
    "Java with a native library",
    ["java", "-cp", "/usr/local/bin:/usr/share/java/sqlite-jdbc.jar", "Database"],
    [],
    ["more"],
    image,
  ),
  service(
    "mojolicious",
    [
      "perl",
      "/etc/evaluate/web.pl",
      "prefork",
      "-m",
      "production",
      "-l",
      "http://127.0.0.1:8000",
      "-w",
      "2",
      "-P",
      "/tmp/perl.pid",
    ],
    8000,
    "path=/ get; path=/nothing get",
    `path=/ get; ${bodies("/write", "/program", "/fork", "/time", "/lock")}; path=/broken get; kill ` +
      `-TTIN 1; sleep 1; ${load}`,
    { ...client, stop: "QUIT" },
  ),
  service(
    "proftpd",
    ["proftpd", "-n", "-c", "/etc/evaluate/proftpd.conf"],
    2121,
    `${wait}curl -s -m 20 -u mailer:secret ftp://127.0.0.1:2121/; echo $?`,
    `${wait}ftp() { curl -s -m 20 -u mailer:secret "$@"; echo $?; }; ftp -T /srv/files/numbers ` +
      "ftp://127.0.0.1:2121/up; " +
      "ftp ftp://127.0.0.1:2121/up | tail -1; ftp -Q '-RNFR up' -Q '-RNTO down' ftp://127.0.0.1:2121/ > /dev/null; " +
      "ftp -Q '-MKD new' ftp://127.0.0.1:2121/ | wc -l; ftp -a -T /srv/files/link " +
      "ftp://127.0.0.1:2121/down; ftp -C 5000 ftp://127.0.0.1:2121/down | tail -1; " +
      "ftp -P - ftp://127.0.0.1:2121/ | wc -l; ftp -Q '-DELE down' ftp://127.0.0.1:2121/ | wc -l; curl " +
      "-s -m 20 -u mailer:wrong ftp://127.0.0.1:2121/; echo $?",
    client,
  ),
  command("Rust", ["rust-lines"], [], ["more"], image),
];
