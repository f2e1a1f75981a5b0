/*
 * Keeps the gate of one recording. Programs that the holder (hold.c) holds announce themselves at a unix socket. The
 * recording process says over standard input which of them to trace. The keeper attaches strace and lets the program
 * go. The traces are in a folder that only this container mounts. The keeper copies them to standard output as they
 * grow. When standard input ends, it lets go of every held program and ends every strace, so that the traced programs
 * go on by themselves.
 *
 *     keeper GATE-FOLDER TRACE-FOLDER HOLDER VERSION-FILE STRACE...
 *     keeper read TRACE-FOLDER
 *
 * The second form prints what is in the folder of a keeper that has ended.
 *
 * It writes these lines to standard output. LENGTH bytes follow `about` and `data`:
 *     ready STRACE-VERSION
 *     hello N PID TOKEN IN-CONTAINER CAPABILITIES NO-NEW-PRIVILEGES
 *     traced N | gone N | failed N | let N | full
 *     about N LENGTH | data N LENGTH
 *     end N exited|killed CODE LENGTH
 * It reads these lines from standard input. Tabs separate the fields:
 *     trace N ABOUT [OPTION...] | pass N | stop N | crash N THREAD SIGNAL
 * ABOUT is stored beside the trace, for a recording that is made from it later.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* At most this many programs are held or traced at once. It lets go of more, untraced, and reports that. */
#define MOST 1024
#define LONGEST_LINE 65536
#define MOST_OPTIONS 256
#define OUT_ROOM (1 << 20)
#define CHUNK (1 << 17)

enum state { FREE, SPEAKING, ASKED, ATTACHING, TRACED, ENDED };

struct program {
    enum state state;
    int number, door, file, status;
    pid_t pid, strace;
    off_t sent;
    size_t heard;
    char token[128];
};

static struct program programs[MOST];
static int count;
static struct stat holder;
static const char *trace_folder;
static char **strace_words;
static char out[OUT_ROOM + CHUNK + 256];
static size_t out_length;

static void die(const char *doing) {
    fprintf(stderr, "seccomp-gen: keeper: %s: %s\n", doing, strerror(errno));
    exit(1);
}

static void say(const char *format, ...) {
    va_list values;
    va_start(values, format);
    /* Lines are short, and have room beyond the limit of data. If that is full too, the reader has gone. */
    if (sizeof out - out_length < 512) exit(1);
    out_length += vsnprintf(out + out_length, 512, format, values);
    va_end(values);
}

static void flush_out(void) {
    while (out_length > 0) {
        ssize_t written = write(STDOUT_FILENO, out, out_length);
        if (written < 0) {
            if (errno == EAGAIN || errno == EINTR) return;
            exit(1);
        }
        memmove(out, out + written, out_length - written);
        out_length -= written;
    }
}

static void copy_holder(const char *from, const char *folder) {
    char to[4096], bytes[65536];
    snprintf(to, sizeof to, "%s/hold", folder);
    unlink(to);
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int copy = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0555);
    if (in < 0 || copy < 0) die("copying the holder");
    for (ssize_t length; (length = read(in, bytes, sizeof bytes)) != 0;)
        if (length < 0 || write(copy, bytes, length) != length) die("copying the holder");
    if (fchmod(copy, 0555) < 0 || fstat(copy, &holder) < 0) die("copying the holder");
    close(in);
    close(copy);
}

static int open_gate(const char *folder, struct sockaddr_un *gate) {
    gate->sun_family = AF_UNIX;
    snprintf(gate->sun_path, sizeof gate->sun_path, "%s/gate", folder);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    umask(0);
    unlink(gate->sun_path);
    if (listening < 0 || bind(listening, (struct sockaddr *)gate, sizeof *gate) < 0 || listen(listening, 512) < 0)
        die("opening the gate");
    umask(077);
    return listening;
}

static void let_go(struct program *each) {
    if (each->door < 0) return;
    send(each->door, "g", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(each->door);
    each->door = -1;
}

/* Hears only a process that is the holder at this moment. */
static int is_holder(pid_t pid) {
    char path[64];
    struct stat found;
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    return stat(path, &found) == 0 && found.st_dev == holder.st_dev && found.st_ino == holder.st_ino;
}

/*
 * What strace is attached to: the holder; `gone`: nothing, because the held program was killed before it made a call;
 * `failed`: nothing, because a program did not wait, or strace did not come.
 */
static const char *attached_to(const struct program *each, int is_attached) {
    char path[64];
    struct stat found;
    if (is_holder(each->pid)) return is_attached ? "traced" : "failed";
    /* The kernel forgets what a dead process executed, even before its parent has waited for it. */
    snprintf(path, sizeof path, "/proc/%d/exe", each->pid);
    return stat(path, &found) < 0 && (errno == ENOENT || errno == ESRCH) ? "gone" : "failed";
}

static void take_in(int listening) {
    for (;;) {
        int door = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (door < 0) return;
        struct ucred peer;
        socklen_t size = sizeof peer;
        struct program *room = NULL;
        for (int at = 0; at < MOST && room == NULL; at++)
            if (programs[at].state == FREE) room = &programs[at];
        if (getsockopt(door, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0 || !is_holder(peer.pid)) {
            close(door);
            continue;
        }
        if (room == NULL) {
            say("full\n");
            close(door);
            continue;
        }
        *room = (struct program){.state = SPEAKING, .number = ++count, .door = door, .file = -1, .pid = peer.pid};
    }
}

/* A line of /proc/PID/status about a process: its last word. */
static int status_word(pid_t pid, const char *name, char *word, size_t size) {
    char path[64], text[8192], label[64];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    snprintf(word, size, "?");
    if (length <= 0) return 0;
    text[length] = '\0';
    snprintf(label, sizeof label, "\n%s:", name);
    char *line = strstr(text, label);
    if (line == NULL) return 0;
    line += strlen(label);
    line[strcspn(line, "\n")] = '\0';
    const char *last = strrchr(line, '\t');
    snprintf(word, size, "%s", last == NULL ? line : last + 1);
    return 1;
}

/* The program's number in its own process namespace shows whether an init process comes before it. */
static void say_hello(struct program *each) {
    char inside[32], capabilities[32], privileges[8];
    status_word(each->pid, "NSpid", inside, sizeof inside);
    status_word(each->pid, "CapBnd", capabilities, sizeof capabilities);
    status_word(each->pid, "NoNewPrivs", privileges, sizeof privileges);
    say("hello %d %d %s %s %s %s\n", each->number, each->pid, each->token, inside, capabilities, privileges);
}

static void forget(struct program *each) {
    if (each->door >= 0) close(each->door);
    if (each->file >= 0) close(each->file);
    each->state = FREE;
}

/* A token is a word. Other messages belong to nobody. */
static void hear_token(struct program *each) {
    ssize_t length = recv(each->door, each->token + each->heard, sizeof each->token - 1 - each->heard, 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) return forget(each);
    each->heard += length;
    each->token[each->heard] = '\0';
    size_t word = strspn(each->token, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (each->token[word] == '\n') {
        each->token[word] = '\0';
        each->state = ASKED;
        say_hello(each);
    } else if (each->token[word] != '\0' || each->heard == sizeof each->token - 1) {
        forget(each);
    }
}

static int keep_about(int number, const char *about) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.about", trace_folder, number);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    ssize_t length = strlen(about);
    int is_kept = file >= 0 && write(file, about, length) == length;
    if (!is_kept) fprintf(stderr, "strace: %s/%d: %s\n", trace_folder, number, strerror(errno));
    if (file >= 0) close(file);
    return is_kept;
}

static void attach(struct program *each, const char *about, char **options, int option_count) {
    char log[4096], pid[16];
    snprintf(log, sizeof log, "%s/%d", trace_folder, each->number);
    keep_about(each->number, about);
    snprintf(pid, sizeof pid, "%d", each->pid);
    each->file = open(log, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (each->file < 0) {
        fprintf(stderr, "strace: %s: %s\n", log, strerror(errno));
        say("failed %d\n", each->number);
        each->state = ENDED;
        return let_go(each);
    }
    each->strace = fork();
    if (each->strace < 0) die("starting strace");
    if (each->strace == 0) {
        char *words[MOST_OPTIONS + 64];
        int at = 0;
        for (char **word = strace_words; *word != NULL && at < 32; word++) words[at++] = *word;
        for (int option = 0; option < option_count; option++) words[at++] = options[option];
        words[at++] = "-o";
        words[at++] = log;
        words[at++] = "-p";
        words[at++] = pid;
        words[at] = NULL;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0);
        int nothing = open("/dev/null", O_RDWR);
        dup2(nothing, STDIN_FILENO);
        dup2(STDERR_FILENO, STDOUT_FILENO);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execv(words[0], words);
        _exit(127);
    }
    each->state = ATTACHING;
}

/* strace writes once it has stopped the program at a call. From then on it sees every call. */
static void check_attached(struct program *each) {
    struct stat written;
    char tracer[32];
    if (fstat(each->file, &written) < 0 || written.st_size == 0 || !status_word(each->pid, "TracerPid", tracer,
        sizeof tracer) || atoi(tracer) == 0) return;
    each->state = TRACED;
    say("%s %d\n", attached_to(each, 1), each->number);
    let_go(each);
}

/* Copies what a trace has grown by. Returns 1 if there may be more. */
static int copy_trace(struct program *each) {
    if (each->file < 0 || out_length >= OUT_ROOM) return each->file >= 0;
    char bytes[CHUNK];
    ssize_t length = pread(each->file, bytes, sizeof bytes, each->sent);
    if (length <= 0) return 0;
    say("data %d %zd\n", each->number, length);
    memcpy(out + out_length, bytes, length);
    out_length += length;
    each->sent += length;
    return length == sizeof bytes;
}

static void bury(void) {
    int status;
    for (pid_t dead; (dead = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int at = 0; at < MOST; at++) {
            struct program *each = &programs[at];
            if (each->state == FREE || each->strace != dead) continue;
            if (each->state == ATTACHING) say("%s %d\n", attached_to(each, 0), each->number);
            let_go(each);
            each->status = status;
            each->state = ENDED;
        }
}

/*
 * The first process of a container cannot be killed while strace traces it (Linux kernel/signal.c,
 * force_sig_info_to_task). So it repeats the same fault without end. If the thread is one of its own, and it does not
 * handle or ignore the signal, strace is ended. Then the next fault ends the process.
 */
static void let_crash(struct program *each, pid_t thread, int signal_number) {
    char inside[32], leader[32], caught[32], ignored[32];
    if (!status_word(thread, "Tgid", leader, sizeof leader) || !status_word(atoi(leader), "NSpid", inside,
        sizeof inside)) return;
    status_word(thread, "SigCgt", caught, sizeof caught);
    status_word(thread, "SigIgn", ignored, sizeof ignored);
    unsigned long long kept = strtoull(caught, NULL, 16) | strtoull(ignored, NULL, 16);
    if (atoi(inside) != 1 || signal_number < 1 || signal_number > 64 || (kept >> (signal_number - 1) & 1) != 0) return;
    say("let %d\n", each->number);
    kill(each->strace, SIGKILL);
}

static struct program *numbered(int number) {
    for (int at = 0; at < MOST; at++)
        if (programs[at].state != FREE && programs[at].number == number) return &programs[at];
    return NULL;
}

static void obey(char *line) {
    char *fields[MOST_OPTIONS];
    int length = 0;
    for (char *field; length < MOST_OPTIONS && (field = strsep(&line, "\t")) != NULL;) fields[length++] = field;
    struct program *each = length < 2 ? NULL : numbered(atoi(fields[1]));
    if (each == NULL) return;
    if (strcmp(fields[0], "trace") == 0 && each->state == ASKED && length >= 3)
        attach(each, fields[2], fields + 3, length - 3);
    if (strcmp(fields[0], "crash") == 0 && each->state == TRACED && length == 4)
        let_crash(each, atoi(fields[2]), atoi(fields[3]));
    if (strcmp(fields[0], "pass") == 0 && each->state == ASKED) {
        let_go(each);
        forget(each);
    }
    if (strcmp(fields[0], "stop") == 0 && (each->state == ATTACHING || each->state == TRACED))
        kill(each->strace, SIGKILL);
}

/* False if the recording process is gone. */
static int hear_commands(void) {
    static char heard[LONGEST_LINE];
    static size_t heard_length;
    ssize_t length = read(STDIN_FILENO, heard + heard_length, sizeof heard - heard_length);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return 1;
    if (length <= 0) return 0;
    heard_length += length;
    char *start = heard;
    for (char *end; (end = memchr(start, '\n', heard + heard_length - start)) != NULL; start = end + 1) {
        *end = '\0';
        obey(start);
    }
    heard_length -= start - heard;
    memmove(heard, start, heard_length);
    return heard_length < sizeof heard;
}

/* Does what each program needs next. Returns the milliseconds until the next look, or -1 to wait for a message. */
static int look_after_all(void) {
    int again = -1;
    for (int at = 0; at < MOST; at++) {
        struct program *each = &programs[at];
        if (each->state == FREE || each->state < ATTACHING) continue;
        if (each->state == ATTACHING) check_attached(each);
        int more = copy_trace(each);
        if (each->state == ENDED && !more && out_length < OUT_ROOM) {
            say("end %d %s %d %lld\n", each->number, WIFEXITED(each->status) ? "exited" : "killed",
                WIFEXITED(each->status) ? WEXITSTATUS(each->status) : WTERMSIG(each->status), (long long)each->sent);
            forget(each);
            continue;
        }
        int wait = more ? (out_length >= OUT_ROOM ? 50 : 0) : each->state == ATTACHING ? 1 : each->state ==
            ENDED ? 0 : 20;
        if (again < 0 || wait < again) again = wait;
    }
    return again;
}

/* `strace -- version 6.1` (strace -V). */
static void say_ready(const char *version_file) {
    char text[256] = "", *word = "?";
    int file = open(version_file, O_RDONLY | O_CLOEXEC);
    if (file >= 0 && read(file, text, sizeof text - 1) > 0) {
        text[strcspn(text, "\n")] = '\0';
        word = strrchr(text, ' ');
        word = word == NULL ? "?" : word + 1;
    }
    if (file >= 0) close(file);
    say("ready %s\n", word);
}

static void write_all(const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written <= 0) die("writing");
        bytes += written;
        length -= written;
    }
}

/* Writes a file as frames of one kind. Returns its length, or -1 if there is no file. */
static long long read_file(const char *folder, int number, const char *kind, const char *suffix) {
    char path[4096], head[64], bytes[CHUNK];
    snprintf(path, sizeof path, "%s/%d%s", folder, number, suffix);
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return -1;
    long long total = 0;
    for (ssize_t length; (length = read(file, bytes, sizeof bytes)) > 0; total += length) {
        write_all(head, snprintf(head, sizeof head, "%s %d %zd\n", kind, number, length));
        write_all(bytes, length);
    }
    close(file);
    return total;
}

/* Traces are numbered from 1. Programs that were let go untraced leave gaps. */
static int read_left(const char *folder) {
    DIR *listed = opendir(folder);
    int greatest = 0;
    if (listed == NULL) die("reading the traces");
    for (struct dirent *entry; (entry = readdir(listed)) != NULL;)
        if (atoi(entry->d_name) > greatest) greatest = atoi(entry->d_name);
    closedir(listed);
    for (int number = 1; number <= greatest; number++) {
        char head[64];
        if (read_file(folder, number, "about", ".about") < 0) continue;
        long long length = read_file(folder, number, "data", "");
        write_all(head, snprintf(head, sizeof head, "end %d killed 9 %lld\n", number, length < 0 ? 0 : length));
    }
    return 0;
}

static void on_child(int signal) { (void)signal; }

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "read") == 0) return read_left(argv[2]);
    if (argc < 6) return 125;
    trace_folder = argv[2];
    strace_words = argv + 5;
    struct sockaddr_un gate = {0};
    copy_holder(argv[3], argv[1]);
    int listening = open_gate(argv[1], &gate);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    /* Only the end of a strace interrupts the wait below. */
    struct sigaction child = {.sa_handler = on_child};
    sigaction(SIGCHLD, &child, NULL);
    sigset_t blocked, open_set;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &open_set);
    fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    say_ready(argv[4]);
    for (;;) {
        int again = look_after_all();
        flush_out();
        static struct pollfd heard[MOST + 3];
        static struct program *speakers[MOST];
        int doors = 0;
        heard[0] = (struct pollfd){.fd = listening, .events = POLLIN};
        heard[1] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        heard[2] = (struct pollfd){.fd = out_length > 0 ? STDOUT_FILENO : -1, .events = POLLOUT};
        for (int at = 0; at < MOST; at++)
            if (programs[at].state == SPEAKING) {
                heard[3 + doors] = (struct pollfd){.fd = programs[at].door, .events = POLLIN};
                speakers[doors++] = &programs[at];
            }
        struct timespec pause = {.tv_sec = again / 1000, .tv_nsec = again % 1000 * 1000000L};
        int events = ppoll(heard, 3 + doors, again < 0 ? NULL : &pause, &open_set);
        bury();
        if (events <= 0) continue;
        if (heard[0].revents != 0) take_in(listening);
        if (heard[1].revents != 0 && !hear_commands()) break;
        for (int at = 0; at < doors; at++)
            if (heard[3 + at].revents != 0 && speakers[at]->state == SPEAKING) hear_token(speakers[at]);
    }
    unlink(gate.sun_path);
    close(listening);
    for (int at = 0; at < MOST; at++)
        if (programs[at].state != FREE) let_go(&programs[at]);
    return 0;
}
