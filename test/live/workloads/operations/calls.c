/* Makes the system calls that it is told, one an argument: NUMBER,ARG0,…,ARG5. It prints the errno
   of each, 0 if it succeeded. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    for (int at = 1; at < argc; at++) {
        unsigned long part[7] = {0};
        char *rest = argv[at];
        for (int index = 0; index < 7 && *rest; index++) {
            part[index] = strtoul(rest, &rest, 10);
            if (*rest == ',')
                rest++;
        }
        errno = 0;
        syscall(part[0], part[1], part[2], part[3], part[4], part[5], part[6]);
        printf("%d\n", errno);
        fflush(stdout);
    }
    return 0;
}
