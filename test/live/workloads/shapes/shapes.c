/*
 * One static program for many shapes of processes. The first argument names the shape. Each shape makes one call that
 * no other shape makes, at the place that the recording must not miss.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void *execute(void *self) {
    char *words[] = {self, "done", NULL};
    execve(self, words, environ);
    return NULL;
}

static void answer(int signal) {
    printf("got %s\n", sigabbrev_np(signal));
    fflush(stdout);
    _exit(7);
}

int main(int argc, char **argv) {
    const char *shape = argc > 1 ? argv[1] : "";
    if (strcmp(shape, "done") == 0) {
        getpriority(PRIO_PROCESS, 0);
        puts("executed");
    } else if (strcmp(shape, "thread") == 0) { /* execve from a thread that is not the first */
        pthread_t thread;
        pthread_create(&thread, NULL, execute, argv[0]);
        pthread_join(thread, NULL);
        return 1;
    } else if (strcmp(shape, "daemon") == 0) { /* two forks, a session; the grandchild outlives its parent */
        int out[2];
        if (pipe(out) != 0) return 1;
        if (fork() == 0) {
            setsid();
            if (fork() != 0) _exit(0);
            usleep(200 * 1000);
            getpriority(PRIO_PROCESS, 0);
            _exit(write(out[1], "daemon\n", 7) != 7);
        }
        close(out[1]);
        char line[8] = "";
        ssize_t got = read(out[0], line, 7);
        while (wait(NULL) > 0) continue;
        return got != 7 || fputs(line, stdout) < 0;
    } else if (strcmp(shape, "signal") == 0) { /* says which signal reached it */
        signal(SIGHUP, answer);
        signal(SIGTERM, answer);
        signal(SIGINT, answer);
        puts("waiting");
        fflush(stdout);
        for (;;) pause();
    } else if (strcmp(shape, "size") == 0) { /* the terminal's */
        struct winsize size;
        if (ioctl(0, TIOCGWINSZ, &size) != 0) return 1;
        printf("%d rows %d columns\n", size.ws_row, size.ws_col);
    } else if (strcmp(shape, "orphan") == 0) { /* ends while its child goes on */
        if (fork() == 0) {
            getpriority(PRIO_PROCESS, 0);
            for (;;) pause();
        }
        usleep(200 * 1000);
        puts("gone");
    } else if (strcmp(shape, "ptrace") == 0) { /* a program that does not want to be debugged */
        return ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0;
    } else if (strcmp(shape, "status") == 0) { /* another one */
        char line[200];
        int tracer = 0;
        FILE *status = fopen("/proc/self/status", "r");
        while (status != NULL && fgets(line, sizeof line, status) != NULL) sscanf(line, "TracerPid: %d", &tracer);
        return tracer != 0;
    } else if (strcmp(shape, "arguments") == 0) { /* what it was given, a line each */
        for (int at = 2; at < argc; at += 1) puts(argv[at]);
    } else {
        return 9;
    }
    return 0;
}
