/*
 * Runs in front of a recorded program: announces itself at the gate, waits for the answer, and becomes the program. The
 * pid, the environment, the folder and the descriptors stay the same. If nobody listens at the gate, or the keeper
 * ends, the program starts at once. It is linked statically, so that neither the image's libraries nor LD_PRELOAD
 * affect it.
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

/* No program is held longer than this, whatever the keeper does. */
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
    /* The program's execve(2) closes it. */
}

/*
 * Looks for the program as the runtime does: PATH only for a bare name, the first executable file, and no shell for a
 * script without #!. It looks before the gate. After the gate, every call except execve(2) would count as the
 * program's, and the profile may deny it.
 */
static const char *file_of(const char *program, char *file, size_t size, int *reason) {
    const char *path = getenv("PATH");
    *reason = ENOENT;
    if (strchr(program, '/') != NULL) return program;
    while (path != NULL) {
        const char *end = strchrnul(path, ':');
        struct stat found;
        int folder = (int)(end - path);
        if (snprintf(file, size, "%.*s/%s", folder == 0 ? 1 : folder, folder == 0 ? "." : path, program) < (int)size &&
            stat(file, &found) == 0 && S_ISREG(found.st_mode)) {
            if (access(file, X_OK) == 0) return file;
            *reason = errno;
        }
        path = *end == '\0' ? NULL : end + 1;
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 3) return 125;
    char room[4096];
    int reason;
    const char *file = file_of(argv[2], room, sizeof room, &reason);
    wait_at_gate(argv[1]);
    if (file != NULL) {
        execv(file, argv + 2);
        reason = errno;
    }
    fprintf(stderr, "seccomp-gen: %s: %s\n", argv[2], strerror(reason));
    return reason == ENOENT ? 127 : 126;
}
