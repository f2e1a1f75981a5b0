/*
 * Stands in front of a recorded program: announces itself at the gate, waits for the answer, and becomes the
 * program. The pid, the
 * environment, the folder and the descriptors stay the same. If nobody listens at the gate, or the keeper
 * ends, the program starts
 * at once. Linked statically, so that neither the image's libraries nor LD_PRELOAD reach it.
 *
 *     hold TOKEN PROGRAM [ARGUMENT...]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* No program is held longer, whatever the keeper does. */
#define PATIENCE_SECONDS 30

static void wait_at_gate(const char *token) {
    const struct sockaddr_un gate = {.sun_family = AF_UNIX, .sun_path = "/.seccomp-gen/gate"};
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (door < 0) return;
    setsockopt(door, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(door, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    char line[128], answer;
    int length = snprintf(line, sizeof line, "%s\n", token);
    if (length < (int)sizeof line && connect(door, (const struct sockaddr *)&gate, sizeof gate) == 0 &&
        send(door, line, length, MSG_NOSIGNAL) == length) {
        while (recv(door, &answer, 1, 0) < 0 && errno == EINTR) continue;
    }
    close(door);
}

/* As the runtime does: PATH only for a bare name, the first file that may be executed, no shell for a script
   without #!. */
static int become(char **program) {
    if (strchr(program[0], '/') != NULL) {
        execv(program[0], program);
        return errno;
    }
    const char *path = getenv("PATH");
    int reason = ENOENT;
    while (path != NULL) {
        const char *end = strchrnul(path, ':');
        char file[4096];
        struct stat found;
        int folder = (int)(end - path);
        if (snprintf(file, sizeof file, "%.*s/%s", folder == 0 ? 1 : folder, folder == 0 ? "." : path,
            program[0]) < (int)sizeof file &&
            stat(file, &found) == 0 && S_ISREG(found.st_mode)) {
            if (access(file, X_OK) == 0) {
                execv(file, program);
                return errno;
            }
            reason = errno;
        }
        path = *end == '\0' ? NULL : end + 1;
    }
    return reason;
}

int main(int argc, char **argv) {
    if (argc < 3) return 125;
    wait_at_gate(argv[1]);
    int reason = become(argv + 2);
    fprintf(stderr, "seccomp-gen: %s: %s\n", argv[2], strerror(reason));
    return reason == ENOENT ? 127 : 126;
}
