/*
 * Stands in front of a recorded program and waits at a gate until a tracer has been attached, then
 * becomes the program: same pid, environment, folder, descriptors. The gate is a fifo that the
 * tracer makes when it is ready. Linked statically, so that neither the image's libraries nor
 * LD_PRELOAD reach it.
 *
 *     hold GATE PROGRAM [ARGUMENT...]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 3) return 125;
    const struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};
    int gate;
    while ((gate = open(argv[1], O_RDONLY | O_NOCTTY)) < 0 && (errno == ENOENT || errno == EINTR))
        nanosleep(&moment, NULL);
    if (gate < 0) {
        fprintf(stderr, "seccomp-gen: %s: %s\n", argv[1], strerror(errno));
        return 125;
    }
    close(gate);
    /* As the runtime would: PATH only for a bare name, no shell for a script without #!. */
    if (strchr(argv[2], '/') != NULL) execv(argv[2], argv + 2);
    else execvp(argv[2], argv + 2);
    int reason = errno;
    fprintf(stderr, "seccomp-gen: %s: %s\n", argv[2], strerror(reason));
    return reason == ENOENT ? 127 : 126;
}
