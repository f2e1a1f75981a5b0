/* One program with a mode for each day. It is recorded on the usual day, and runs on the others. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Another entry point, for a kernel without vDSO: blanks AT_SYSINFO_EHDR (33) in the auxiliary vector
 * before libc reads it. The stack at the start: System V ABI, 3.4.1. */
__asm__(".globl start_without_vdso\n"
        "start_without_vdso:\n"
        "  mov (%rsp), %rax\n"
        "  lea 16(%rsp,%rax,8), %rax\n"
        "1: add $8, %rax\n"
        "  cmpq $0, -8(%rax)\n"
        "  jne 1b\n"
        "2: cmpq $33, (%rax)\n"
        "  jne 3f\n"
        "  movq $1, (%rax)\n"
        "3: add $16, %rax\n"
        "  cmpq $0, -16(%rax)\n"
        "  jne 2b\n"
        "  jmp _start\n");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static long counter;

static void *contend(void *rounds) {
  for (long n = 0; n < (long)rounds; n++) {
    pthread_mutex_lock(&lock);
    counter++;
    if (counter % 64 == 0) pthread_cond_broadcast(&turn);
    pthread_mutex_unlock(&lock);
    char *block = malloc(100 + n % 5000);
    block[0] = 1;
    free(block);
  }
  return NULL;
}

static void threads(int count, long rounds) {
  pthread_t all[8];
  for (int n = 0; n < count; n++)
    if (pthread_create(&all[n], NULL, contend, (void *)rounds)) { puts("no thread"); exit(1); }
  for (int n = 0; n < count; n++) pthread_join(all[n], NULL);
  printf("counted %ld\n", counter);
}

/* malloc in all sizes: grows and shrinks by brk and by mmap, reallocs move. */
static void memory(void) {
  static char *blocks[400];
  for (int round = 0; round < 3; round++) {
    for (int n = 0; n < 400; n++) {
      size_t size = n % 7 == 0 ? 300000 : 5000 + n;
      blocks[n] = realloc(blocks[n], size * (round + 1));
      if (!blocks[n]) { puts("no memory"); exit(1); }
      memset(blocks[n], 1, size * (round + 1));
    }
    for (int n = 0; n < 400; n += 2) { free(blocks[n]); blocks[n] = NULL; }
  }
  puts("memory held");
}

/* The time, as libc asks for it: from the vDSO, or from the kernel if the vDSO has none or cannot read the clock. */
static void clocks(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) || now.tv_sec < 1000000000) {
    printf("no time: %s\n", strerror(errno));
    exit(1);
  }
  if (clock_gettime(CLOCK_MONOTONIC, &now) || time(NULL) < 1000000000) { puts("no time"); exit(1); }
}

/* Reads and sets a terminal. Typing into it is another operation. */
static void terminal(void) {
  struct termios settings;
  struct winsize size;
  printf("settings %d\n", tcgetattr(0, &settings) || tcsetattr(0, TCSANOW, &settings) || ioctl(0, TIOCGWINSZ, &size));
  printf("typing: %s\n", ioctl(0, TIOCSTI, "x") ? strerror(errno) : "typed");
  printf("pasting: %s\n", ioctl(0, TIOCLINUX, "\3") ? strerror(errno) : "pasted");
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "usual";
  if (!strcmp(mode, "usual")) {
    struct timespec moment = {0, 1000};
    clocks();
    nanosleep(&moment, NULL);
    threads(1, 10);
    puts("usual");
  } else if (!strcmp(mode, "clock")) {
    clocks();
    printf("it is time, vDSO %s\n", getauxval(AT_SYSINFO_EHDR) ? "there" : "hidden");
  } else if (!strcmp(mode, "memory")) memory();
  else if (!strcmp(mode, "limited")) {
    struct rlimit limit = {60000000, 60000000};
    if (setrlimit(RLIMIT_AS, &limit)) perror("setrlimit");
    memory();
  }
  else if (!strcmp(mode, "threads")) threads(8, 20000);
  else if (!strcmp(mode, "sleep")) {
    struct timespec pause = {2, 0};
    puts("asleep"); fflush(stdout);
    printf("slept %d\n", nanosleep(&pause, NULL));
  }
  else if (!strcmp(mode, "serve")) {
    puts("serving"); fflush(stdout);
    for (int n = 0; n < 60; n++) { struct timespec pause = {1, 0}; nanosleep(&pause, NULL); }
  }
  else if (!strcmp(mode, "abort")) abort();
  else if (!strcmp(mode, "input")) printf("read %zd\n", read(0, (char[10]){0}, 10));
  else if (!strcmp(mode, "terminal")) terminal();
  else if (!strcmp(mode, "closed")) { close(0); close(1); execl(argv[0], argv[0], argv[2], NULL); }
  return fflush(stdout) ? 3 : 0;
}
