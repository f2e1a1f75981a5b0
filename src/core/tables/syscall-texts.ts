import type { Subsystem } from "./subsystems.ts";

/**
 * `name what it does [source]` for every name of syscall-numbers.ts, one on a line. Without a source, it is section 2
 * of the Linux man-pages (manpages-dev 6.03 has a page of this name). `name = other` does what `other` does, for
 * another width of numbers or another machine.
 */
export const syscallTexts: { readonly [subsystem in Subsystem]: string } = {
  files: `
open  opens a file by its path
openat  opens a file by its path, from a directory
openat2  opens a file under rules about links and mount points
creat  makes a file and opens it for writing
close  closes a descriptor
close_range  closes a range of descriptors
read  reads from a descriptor
write  writes to a descriptor
readv  reads into several buffers
writev  writes from several buffers
pread64  reads at a position
pwrite64  writes at a position
preadv  reads at a position into several buffers
pwritev  writes at a position from several buffers
preadv2  reads at a position into several buffers, with flags
pwritev2  writes at a position from several buffers, with flags
lseek  moves the position in a file
_llseek  moves the position in a large file
sendfile  copies from a file to a descriptor inside of the kernel
sendfile64 = sendfile
splice  moves data between a pipe and a descriptor without copying it
tee  duplicates what is in a pipe
vmsplice  puts memory pages of the program into a pipe
copy_file_range  copies from one file to another inside of the kernel
ftruncate  sets the length of an open file
ftruncate64 = ftruncate
truncate  sets the length of a file by its path
truncate64 = truncate
fallocate  reserves or frees space of a file
fsync  writes a file's data to disk
fdatasync  writes a file's data to disk, without all of its attributes
sync  writes all file systems' data to disk
syncfs  writes one file system's data to disk
sync_file_range  writes a part of a file to disk
sync_file_range2 = sync_file_range
arm_sync_file_range = sync_file_range
fadvise64  says how a file will be read
fadvise64_64 = fadvise64
arm_fadvise64_64 = fadvise64
readahead  reads a part of a file into the cache
fcntl  duplicates, locks and configures descriptors
fcntl64 = fcntl
flock  locks a file
dup  duplicates a descriptor
dup2  duplicates a descriptor to a number
dup3  duplicates a descriptor to a number, with flags
memfd_create  makes a file that lives in memory only
uselib  loads a shared library in the format before ELF
cachestat  says how much of a file is in the cache  [mm/filemap.c]
name_to_handle_at  turns a path into a file handle
open_by_handle_at  opens a file by a handle instead of a path
`,
  metadata: `
stat  reads a file's attributes
stat64 = stat
fstat  reads an open file's attributes
fstat64 = fstat
lstat  reads the attributes of a link itself
lstat64 = lstat
newfstatat  reads a file's attributes, from a directory
fstatat64 = newfstatat
statx  reads a file's attributes, the newer way
oldstat = stat
oldfstat = fstat
oldlstat = lstat
statfs  reads facts of a file system
statfs64 = statfs
fstatfs  reads facts of an open file's file system
fstatfs64 = fstatfs
ustat  reads facts of a file system by its device
access  asks whether a file may be used
faccessat  asks whether a file may be used, from a directory
faccessat2  asks whether a file may be used, with flags
getdents  lists a directory
getdents64  lists a directory
readdir  reads one entry of a directory
readlink  reads where a link points to
readlinkat  reads where a link points to, from a directory
getcwd  says which directory is the current one
chdir  changes the current directory
fchdir  changes the current directory to an open one
mkdir  makes a directory
mkdirat  makes a directory, from a directory
rmdir  removes a directory
mknod  makes a device file, pipe or socket file
mknodat  makes a device file, pipe or socket file, from a directory
link  gives a file another name
linkat  gives a file another name, from a directory
symlink  makes a symbolic link
symlinkat  makes a symbolic link, from a directory
unlink  removes a name
unlinkat  removes a name, from a directory
rename  changes a file's name
renameat  changes a file's name, from a directory
renameat2  changes or exchanges names, with flags
chmod  changes a file's mode
fchmod  changes an open file's mode
fchmodat  changes a file's mode, from a directory
fchmodat2  changes a file's mode, with flags  [fs/open.c]
chown  changes a file's owner
chown32 = chown
fchown  changes an open file's owner
fchown32 = fchown
lchown  changes the owner of a link itself
lchown32 = lchown
fchownat  changes a file's owner, from a directory
umask  sets which permissions new files do not get
utime  sets a file's times
utimes  sets a file's times
futimesat  sets a file's times, from a directory
utimensat  sets a file's times to the nanosecond
utimensat_time64 = utimensat
getxattr  reads an extended attribute
lgetxattr  reads an extended attribute of a link itself
fgetxattr  reads an extended attribute of an open file
getxattrat  reads an extended attribute, from a directory  [fs/xattr.c]
setxattr  sets an extended attribute
lsetxattr  sets an extended attribute of a link itself
fsetxattr  sets an extended attribute of an open file
setxattrat  sets an extended attribute, from a directory  [fs/xattr.c]
listxattr  lists extended attributes
llistxattr  lists extended attributes of a link itself
flistxattr  lists extended attributes of an open file
listxattrat  lists extended attributes, from a directory  [fs/xattr.c]
removexattr  removes an extended attribute
lremovexattr  removes an extended attribute of a link itself
fremovexattr  removes an extended attribute of an open file
removexattrat  removes an extended attribute, from a directory  [fs/xattr.c]
file_getattr  reads a file's flags of the file system  [fs/file_attr.c]
file_setattr  sets a file's flags of the file system  [fs/file_attr.c]
lookup_dcookie  turns a profiler's cookie into a path
quotactl  manages disk quotas
quotactl_fd  manages disk quotas of an open file system  [fs/quota/quota.c]
sysfs  lists the kinds of file systems
`,
  memory: `
mmap  maps memory or a file
mmap2 = mmap
munmap  unmaps memory
mprotect  changes whether memory can be read, written, executed
pkey_mprotect  changes memory's protection together with its key
pkey_alloc  takes a memory protection key
pkey_free  gives a memory protection key back
mremap  moves a mapping or changes its size
remap_file_pages  rearranges a file's mapping
brk  changes the size of the heap
madvise  says how memory will be used, or gives it back
process_madvise  says how another process's memory will be used
process_mrelease  frees the memory of a process that is dying  [mm/oom_kill.c]
mlock  keeps memory from being swapped
mlock2  keeps memory from being swapped, with flags
mlockall  keeps all of a process's memory from being swapped
munlock  lets memory be swapped again
munlockall  lets all memory be swapped again
mincore  says which pages are in memory
msync  writes a mapped file back
mseal  forbids later changes of a mapping  [mm/mseal.c]
map_shadow_stack  makes a shadow stack  [arch/x86/kernel/shstk.c]
memfd_secret  makes memory that the kernel itself cannot read
userfaultfd  lets the program handle its own page faults
mbind  says on which node memory should be
get_mempolicy  reads on which node memory should be
set_mempolicy  sets on which node memory should be
set_mempolicy_home_node  sets the preferred node of memory  [mm/mempolicy.c]
migrate_pages  moves a process's memory to other nodes
move_pages  moves single pages to other nodes
modify_ldt  changes the segments of 16- and 32-bit code
`,
  processes: `
execve  runs a program
execveat  runs a program from a directory or descriptor
fork  makes a child process
vfork  makes a child process that borrows its parent's memory
clone  makes a process or a thread
clone3  makes a process or a thread; its flags are in memory
exit  ends the thread
exit_group  ends the process
wait4  waits for a child process
waitid  waits for a child process
waitpid  waits for a child process
getpid  says the process's number
getppid  says the parent's number
gettid  says the thread's number
getpgid  says a process's group
getpgrp  says the process's group
setpgid  puts a process into a group
getsid  says a process's session
setsid  begins a session
pidfd_open  gets a descriptor of a process
pidfd_getfd  takes a copy of another process's descriptor
prctl  changes many properties of the process, by option
getrlimit  reads a limit of resources
ugetrlimit = getrlimit
setrlimit  sets a limit of resources
prlimit64  reads or sets a process's limit of resources
getrusage  says which resources were used
times  says how much CPU time was used
acct  records every process that ends
personality  emulates other Unix systems; also switches off address randomization
kcmp  compares resources of two processes
`,
  threads: `
futex  waits for a value in memory, or wakes those who wait
futex_time64 = futex
futex_wait  waits for a value in memory  [kernel/futex/syscalls.c]
futex_wake  wakes those who wait for a value in memory  [kernel/futex/syscalls.c]
futex_requeue  lets waiters wait for another value  [kernel/futex/syscalls.c]
futex_waitv  waits for one of several values in memory  [kernel/futex/syscalls.c]
set_robust_list  names the locks to be freed when the thread dies
get_robust_list  reads a thread's list of locks
set_tid_address  says where the thread's number is cleared at its end
rseq  registers restartable sequences  [kernel/rseq.c]
rseq_slice_yield  gives back a time slice that was extended  [kernel/rseq.c]
membarrier  orders memory accesses of all threads
arch_prctl  sets thread registers of x86
set_thread_area  sets thread-local storage
get_thread_area  reads thread-local storage
set_tls  sets thread-local storage  [arch/arm/kernel/traps.c]
get_tls  reads thread-local storage  [arch/arm/kernel/traps.c]
`,
  scheduling: `
sched_yield  lets other threads run
sched_getaffinity  says on which CPUs a thread may run
sched_setaffinity  sets on which CPUs a thread may run
sched_getparam  reads a thread's scheduling priority
sched_setparam  sets a thread's scheduling priority
sched_getscheduler  reads a thread's scheduling policy
sched_setscheduler  sets a thread's scheduling policy
sched_getattr  reads a thread's scheduling attributes
sched_setattr  sets a thread's scheduling attributes
sched_get_priority_max  says the highest priority of a policy
sched_get_priority_min  says the lowest priority of a policy
sched_rr_get_interval  says the time slice of a thread
sched_rr_get_interval_time64 = sched_rr_get_interval
getpriority  reads the nice value
setpriority  sets the nice value
nice  changes the nice value
ioprio_get  reads the I/O priority
ioprio_set  sets the I/O priority
getcpu  says on which CPU the thread runs
`,
  signals: `
rt_sigaction  sets what a signal does
sigaction  sets what a signal does
signal  sets what a signal does
rt_sigprocmask  blocks or unblocks signals
sigprocmask  blocks or unblocks signals
sgetmask  reads the blocked signals
ssetmask  sets the blocked signals
rt_sigreturn  goes back after a signal handler
sigreturn  goes back after a signal handler
rt_sigpending  lists signals that wait
sigpending  lists signals that wait
rt_sigsuspend  waits for a signal
sigsuspend  waits for a signal
rt_sigtimedwait  waits for a signal for some time
rt_sigtimedwait_time64 = rt_sigtimedwait
rt_sigqueueinfo  sends a signal with data
rt_tgsigqueueinfo  sends a signal with data to a thread
sigaltstack  sets the stack of signal handlers
kill  sends a signal to a process
tkill  sends a signal to a thread
tgkill  sends a signal to a thread of a process
pidfd_send_signal  sends a signal through a process's descriptor
pause  waits for a signal
restart_syscall  goes on with a call that a signal interrupted; the kernel makes it
`,
  time: `
clock_gettime  reads a clock
clock_gettime64 = clock_gettime
clock_getres  says how exact a clock is
clock_getres_time64 = clock_getres
clock_settime  sets a clock of the machine
clock_settime64 = clock_settime
clock_adjtime  tunes a clock of the machine
clock_adjtime64 = clock_adjtime
clock_nanosleep  sleeps by a clock
clock_nanosleep_time64 = clock_nanosleep
nanosleep  sleeps
gettimeofday  reads the time of day
settimeofday  sets the time of day of the machine
time  reads the time of day in seconds
stime  sets the time of day of the machine
adjtimex  tunes the clock of the machine
alarm  sends a signal after some seconds
getitimer  reads an interval timer
setitimer  sets an interval timer
timer_create  makes a timer
timer_settime  starts or stops a timer
timer_settime64 = timer_settime
timer_gettime  reads a timer
timer_gettime64 = timer_gettime
timer_getoverrun  says how often a timer was missed
timer_delete  removes a timer
`,
  events: `
poll  waits for descriptors
ppoll  waits for descriptors and signals
ppoll_time64 = ppoll
select  waits for descriptors
_newselect = select
pselect6  waits for descriptors and signals
pselect6_time64 = pselect6
epoll_create  makes a set of descriptors to wait for
epoll_create1  makes a set of descriptors to wait for
epoll_ctl  changes a set of descriptors to wait for
epoll_wait  waits for a set of descriptors
epoll_pwait  waits for a set of descriptors and signals
epoll_pwait2  waits for a set of descriptors, to the nanosecond
eventfd  makes a counter to wait for
eventfd2  makes a counter to wait for
signalfd  makes a descriptor that delivers signals
signalfd4  makes a descriptor that delivers signals
timerfd_create  makes a timer to wait for
timerfd_settime  starts or stops a timer to wait for
timerfd_settime64 = timerfd_settime
timerfd_gettime  reads a timer to wait for
timerfd_gettime64 = timerfd_gettime
inotify_init  begins to watch files
inotify_init1  begins to watch files
inotify_add_watch  watches a file or directory
inotify_rm_watch  stops to watch a file
fanotify_init  begins to watch, or decide on, file accesses of all processes
fanotify_mark  chooses what fanotify watches
`,
  network: `
socket  makes a socket of a protocol family
socketpair  makes two connected sockets
socketcall  makes any socket call, its arguments in memory
bind  gives a socket an address
connect  connects a socket
listen  waits for connections
accept  takes a connection
accept4  takes a connection, with flags
getsockname  says a socket's own address
getpeername  says the other side's address
getsockopt  reads an option of a socket
setsockopt  sets an option of a socket
send  sends data
sendto  sends data to an address
sendmsg  sends data and descriptors
sendmmsg  sends several messages
recv  receives data
recvfrom  receives data with its sender
recvmsg  receives data and descriptors
recvmmsg  receives several messages
recvmmsg_time64 = recvmmsg
shutdown  ends one direction of a connection
`,
  ipc: `
pipe  makes a pipe
pipe2  makes a pipe, with flags
msgget  finds or makes a System V message queue
msgsnd  sends to a System V message queue
msgrcv  receives from a System V message queue
msgctl  manages a System V message queue
semget  finds or makes System V semaphores
semop  changes System V semaphores
semtimedop  changes System V semaphores, waiting for some time
semtimedop_time64 = semtimedop
semctl  manages System V semaphores
shmget  finds or makes System V shared memory
shmat  maps System V shared memory
shmdt  unmaps System V shared memory
shmctl  manages System V shared memory
ipc  makes any System V call, its arguments in memory
mq_open  opens a POSIX message queue
mq_timedsend  sends to a POSIX message queue
mq_timedsend_time64 = mq_timedsend
mq_timedreceive  receives from a POSIX message queue
mq_timedreceive_time64 = mq_timedreceive
mq_notify  asks for a signal when a message comes
mq_getsetattr  reads or sets a POSIX queue's attributes
mq_unlink  removes a POSIX message queue
`,
  identity: `
getuid  says the user
getuid32 = getuid
geteuid  says the effective user
geteuid32 = geteuid
getgid  says the group
getgid32 = getgid
getegid  says the effective group
getegid32 = getegid
getresuid  says real, effective and saved user
getresuid32 = getresuid
getresgid  says real, effective and saved group
getresgid32 = getresgid
getgroups  lists the supplementary groups
getgroups32 = getgroups
setuid  changes the user
setuid32 = setuid
setgid  changes the group
setgid32 = setgid
setreuid  changes real and effective user
setreuid32 = setreuid
setregid  changes real and effective group
setregid32 = setregid
setresuid  changes real, effective and saved user
setresuid32 = setresuid
setresgid  changes real, effective and saved group
setresgid32 = setresgid
setfsuid  changes the user for file accesses
setfsuid32 = setfsuid
setfsgid  changes the group for file accesses
setfsgid32 = setfsgid
setgroups  sets the supplementary groups
setgroups32 = setgroups
capget  reads capabilities
capset  sets capabilities, never to more than it has
`,
  system: `
uname  says the kernel's name and version
olduname = uname
oldolduname = uname
sysinfo  says memory, load and uptime
syslog  reads or clears the kernel's messages
getrandom  gets random bytes
sethostname  sets the host's name
setdomainname  sets the host's NIS domain
swapon  starts to use swap space
swapoff  stops to use swap space
getpagesize  says the size of a page
`,
  devices: `
ioctl  sends a request to a device, terminal, socket or file
iopl  opens all I/O ports of x86
ioperm  opens single I/O ports of x86
vhangup  hangs up the terminal
pciconfig_read  reads a PCI device's configuration
pciconfig_write  writes a PCI device's configuration
pciconfig_iobase  says where PCI devices are mapped
s390_pci_mmio_read  reads a PCI device of s390
s390_pci_mmio_write  writes a PCI device of s390
`,
  sandboxing: `
seccomp  installs a further syscall filter
landlock_create_ruleset  begins a sandbox of its own
landlock_add_rule  adds a rule to its own sandbox
landlock_restrict_self  enters its own sandbox
lsm_get_self_attr  reads its security module attributes  [security/lsm_syscalls.c]
lsm_set_self_attr  sets its security module attributes  [security/lsm_syscalls.c]
lsm_list_modules  lists security modules  [security/lsm_syscalls.c]
`,
  aio: `
io_setup  makes a context of asynchronous I/O
io_destroy  removes a context of asynchronous I/O
io_submit  hands in asynchronous reads and writes
io_cancel  takes back an asynchronous operation
io_getevents  collects results of asynchronous I/O
io_pgetevents  collects results of asynchronous I/O, with signals  [fs/aio.c]
io_pgetevents_time64 = io_pgetevents
`,
  io_uring: `
io_uring_setup  makes a ring of operations  [io_uring/io_uring.c]
io_uring_enter  hands in operations of a ring  [io_uring/io_uring.c]
io_uring_register  registers files and buffers with a ring  [io_uring/register.c]
`,
  tracing: `
ptrace  traces another process: reads and writes its memory and registers
process_vm_readv  reads another process's memory
process_vm_writev  writes another process's memory
perf_event_open  opens performance counters
uprobe  calls probes; the kernel makes it itself  [arch/x86/kernel/uprobes.c]
uretprobe  returns from probes; the kernel makes it itself  [arch/x86/kernel/uprobes.c]
`,
  keys: `
add_key  adds a key to a keyring
request_key  asks the kernel for a key
keyctl  manages keys and keyrings
`,
  bpf: `
bpf  loads programs into the kernel, makes maps
`,
  namespaces: `
unshare  goes into new namespaces
setns  goes into another process's namespaces
chroot  changes the root directory of the process
pivot_root  changes the root mount of the container
`,
  mounts: `
mount  mounts a file system
umount  unmounts a file system
umount2  unmounts a file system, with flags
fsopen  begins to set up a file system  [fs/fsopen.c]
fsconfig  sets options of a file system being set up  [fs/fsopen.c]
fsmount  makes a mount of a file system being set up  [fs/namespace.c]
fspick  takes a mounted file system to change its options  [fs/fsopen.c]
move_mount  attaches or moves a mount  [fs/namespace.c]
open_tree  opens or copies a tree of mounts  [fs/namespace.c]
open_tree_attr  copies a tree of mounts with other attributes  [fs/namespace.c]
mount_setattr  changes attributes of a mount
statmount  reads facts of a mount  [fs/namespace.c]
listmount  lists mounts  [fs/namespace.c]
listns  lists namespaces  [fs/nsfs.c]
`,
  modules: `
init_module  loads a kernel module from memory
finit_module  loads a kernel module from a file
delete_module  unloads a kernel module
kexec_load  loads another kernel to boot into
kexec_file_load  loads another kernel to boot into, from a file
reboot  restarts or halts the machine
`,
  architecture: `
atomic_barrier  orders memory accesses on m68k  [arch/m68k/kernel/sys_m68k.c]
atomic_cmpxchg_32  compares and exchanges on m68k  [arch/m68k/kernel/sys_m68k.c]
breakpoint  traps on arm  [arch/arm/kernel/traps.c]
cacheflush  flushes the processor's caches
cachectl  controls caches on mips  [arch/mips/mm/cache.c]
riscv_flush_icache  flushes the instruction cache on riscv  [arch/riscv/kernel/sys_riscv.c]
riscv_hwprobe  says what a riscv processor can do  [arch/riscv/kernel/sys_hwprobe.c]
rtas  calls the firmware of powerpc  [arch/powerpc/kernel/rtas.c]
s390_guarded_storage  manages guarded storage on s390
s390_runtime_instr  manages runtime instrumentation on s390
s390_sthyi  asks s390's hypervisor
spu_create  makes a context of the Cell processor
spu_run  runs a context of the Cell processor
subpage_prot  protects parts of pages on powerpc
swapcontext  exchanges user contexts on powerpc  [arch/powerpc/kernel/signal_32.c]
switch_endian  switches the byte order on powerpc  [arch/powerpc/kernel/syscalls.c]
sys_debug_setcontext  restores a context for debuggers on powerpc  [arch/powerpc/kernel/signal_32.c]
sysmips  makes settings on mips  [arch/mips/kernel/syscall.c]
usr26  enters 26-bit mode on arm  [arch/arm/kernel/traps.c]
usr32  enters 32-bit mode on arm  [arch/arm/kernel/traps.c]
vm86  runs 16-bit code on x86
vm86old = vm86
multiplexer  was reserved on powerpc  [arch/powerpc/kernel/syscalls/syscall.tbl]
syscall  makes the call whose number is its first argument
`,
  unimplemented: `
_sysctl  read or set kernel parameters before Linux 5.5
afs_syscall  was reserved for AFS
bdflush  tuned the writing of buffers before Linux 5.15
break  was reserved
create_module  loaded modules before Linux 2.6
epoll_ctl_old  was replaced before it was released  [arch/x86/entry/syscalls/syscall_64.tbl]
epoll_wait_old  was replaced before it was released  [arch/x86/entry/syscalls/syscall_64.tbl]
ftime  was reserved  [arch/x86/entry/syscalls/syscall_32.tbl]
get_kernel_syms  listed the kernel's symbols before Linux 2.6
getpmsg  was reserved for STREAMS
gtty  was reserved
idle  was for the kernel's own idle process
lock  was reserved
mpx  was reserved
nfsservctl  managed the NFS server before Linux 3.1
prof  was reserved
profil  was reserved  [arch/x86/entry/syscalls/syscall_32.tbl]
putpmsg  was reserved for STREAMS
query_module  asked about modules before Linux 2.6
security  was reserved for security modules
stty  was reserved
timerfd  was replaced by timerfd_create before it was released  [arch/powerpc/kernel/syscalls/syscall.tbl]
tuxcall  was reserved for the TUX web server
ulimit  was reserved  [arch/x86/entry/syscalls/syscall_32.tbl]
vserver  was reserved
`,
};
