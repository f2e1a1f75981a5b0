/** A line of each kind that logs are full of. */
const lines = Buffer.from(
  `7 execve("/bin/sh", ["sh", "-c", "ls"...], 0x7ffd /* 39 vars */) = 0
7 [  12] brk(NULL) = 0x560f7013c000
7 mmap(NULL, 8192, 0x3 /* PROT_READ|PROT_WRITE */, 0x22 /* MAP_PRIVATE|MAP_ANONYMOUS */, -1, 0) = 0x7fc3d6abd000
7 [ 257] openat(-100 /* AT_FDCWD */, "/etc/ld.so.cache", 0x80000 /* O_RDONLY|O_CLOEXEC */) = 3
7 access("/etc/ld.so.preload", R_OK) = -1 ENOENT (No such file or directory)
7 chdir("/root") = -1 EACCES (Permission denied)
7 clone(child_stack=NULL, flags=0x1200000 /* CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID */|0x11 /* SIGCHLD */, child_tidptr=0x7f) = 8
8 read(3,  <unfinished ...>
7 wait4(-1,  <unfinished ...>
8 <... read resumed>"x", 5) = 1
8 fcntl(1, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)
8 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3
8 futex(0x7f, FUTEX_WAIT_PRIVATE, 0, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
8 poll([{fd=4, events=POLLIN}], 1, 1000) = 0 (Timeout)
8 lseek(3, 0, SEEK_END) = 123456
8 exit_group(0) = ?
8 +++ exited with 0 +++
7 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 8
7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=8, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---
7 openat(AT_FDCWD, "x", O_RDONLY) = 3</x>
7 12:34:56.123456 getpid() = 7 <0.000012>
12:34:56 getpid() = 7
`,
);

const times = 5;

/**
 * Before a long log: V8 compiles a function for what it has seen so far, and anew when it sees something else. Whoever has `read` all kinds of lines beforehand is
 * compiled once; to compile is a good part of the time that such a log takes.
 */
export function rehearse(read: (lines: Uint8Array) => void): void {
  for (let time = 0; time < times; time += 1) read(lines);
}
