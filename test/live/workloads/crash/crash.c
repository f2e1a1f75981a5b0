/* Crashes if it may not make a named pipe: crash none|fault|thread|worker. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *work(void *nothing) {
    if (mkfifo("/pipe", 0600) != 0) *(volatile int *)nothing = 1;
    return NULL;
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "none";
    /* Every day's recording has it. */
    pthread_t thread;
    int status = 0;
    mkdir("/folder", 0700);
    if (strcmp(how, "fault") == 0) work(NULL);
    pthread_create(&thread, NULL, strcmp(how, "thread") == 0 ? work : (void *(*)(void *))sleep, NULL);
    pthread_join(thread, NULL);
    if (fork() == 0) {
        if (strcmp(how, "worker") == 0) work(NULL);
        return 0;
    }
    wait(&status);
    return WIFSIGNALED(status) ? 3 : 0;
}
