/*
 * Makes calls under the filter that the container runtime installed, and prints what each got.
 *
 * Standard input: "T number a0 .. a5" native, "C ..." through int $0x80 (i386), one a line.
 * Standard output: one word a call: its errno, "0" if it reached the kernel and succeeded, "K" if it was killed
 * or trapped.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct call { int compat; uint64_t nr, a[6]; };
static struct call calls[200000];

static long make(const struct call *c)
{
#ifdef __x86_64__
    if (c->compat) {
        long result;
        register uint64_t bp __asm__("r12") = c->a[5];
        __asm__ volatile("push %%rbp; mov %%r12, %%rbp; int $0x80; pop %%rbp"
                         : "=a"(result)
                         : "a"(c->nr), "b"(c->a[0]), "c"(c->a[1]), "d"(c->a[2]), "S"(c->a[3]), "D"(c->a[4]), "r"(bp)
                         : "memory", "r8", "r9", "r10", "r11");
        return (int)result;
    }
#endif
    long result = syscall((long)(int)c->nr, c->a[0], c->a[1], c->a[2], c->a[3], c->a[4], c->a[5]);
    return result == -1 ? -errno : result;
}

int main(void)
{
    int count = 0;
    char kind;
    while (count < 200000 && scanf(" %c", &kind) == 1) {
        struct call *c = &calls[count];
        c->compat = kind == 'C';
        if (scanf("%" SCNu64, &c->nr) != 1) return 2;
        for (int i = 0; i < 6; i++) if (scanf("%" SCNu64, &c->a[i]) != 1) return 2;
        count++;
    }
    for (int done = 0; done < count;) {
        int out[2], error, status;
        if (pipe(out) != 0) return 3;
        pid_t child = fork();
        if (child < 0) return 4;
        if (child == 0) {
            for (int i = done; i < count; i++) {
                long result = make(&calls[i]);
                error = result < 0 && result > -4096 ? (int)-result : 0;
                if (write(out[1], &error, sizeof error) != sizeof error) _exit(5);
            }
            _exit(0);
        }
        close(out[1]);
        while (read(out[0], &error, sizeof error) == sizeof error) {
            printf("%d\n", error);
            done++;
        }
        close(out[0]);
        if (wait4(child, &status, 0, NULL) != child) return 6;
        if (WIFSIGNALED(status) && done < count) {
            printf("K\n");
            done++;
        } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return 7;
    }
    return 0;
}
