/*
 * Makes each hot call many times, in batches. Prints one line for each call, "NAME NANOSECONDS": the time of one call
 * in the fastest batch. Usage: hot-calls BATCHES. tools/bench/filter.mjs runs this program under several filters, and
 * records it with one batch.
 */
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 4000 };

static int null_file, poller, pair[2], pipe_ends[2];
static int word;
static void *page;

static void call_getppid(void) { syscall(SYS_getppid); }
static void call_read(void) {
  char byte;
  if (read(null_file, &byte, 1) != 0) exit(3);
}
static void call_futex(void) { syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }
static void call_epoll_wait(void) {
  struct epoll_event event;
  epoll_wait(poller, &event, 1, 0);
}
static void call_recvfrom(void) {
  char byte;
  recvfrom(pair[0], &byte, 1, MSG_DONTWAIT, NULL, NULL);
}
static void call_recvmsg(void) {
  char byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  recvmsg(pair[0], &message, MSG_DONTWAIT);
}
static void call_sendmsg(void) {
  struct msghdr message = {0};
  sendmsg(pair[1], &message, MSG_DONTWAIT);
}
static void call_mprotect(void) { mprotect(page, 4096, PROT_READ); }
static void call_ioctl(void) {
  int waiting;
  ioctl(pipe_ends[0], FIONREAD, &waiting);
}
static void call_mmap(void) {
  void *part = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(part, 4096);
}
static void call_socket(void) { close(socket(AF_INET, SOCK_STREAM, 0)); }

static const struct {
  const char *name;
  void (*call)(void);
} calls[] = {
    {"getppid", call_getppid},       {"read", call_read},         {"futex", call_futex},
    {"epoll_wait", call_epoll_wait}, {"recvfrom", call_recvfrom}, {"recvmsg", call_recvmsg},
    {"sendmsg", call_sendmsg},       {"mprotect", call_mprotect}, {"ioctl", call_ioctl},
    {"mmap", call_mmap},             {"socket", call_socket},
};

static double nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int count, char **words) {
  int batches = count > 1 ? atoi(words[1]) : 1;
  null_file = 0; /* standard input is /dev/null */
  poller = epoll_create1(0);
  page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (poller < 0 || page == MAP_FAILED) return 2;
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0 || pipe(pipe_ends) != 0) return 2;
  for (size_t at = 0; at < sizeof calls / sizeof *calls; at += 1) {
    double least = 1e18;
    for (int batch = 0; batch < batches; batch += 1) {
      double begin = nanoseconds();
      for (int done = 0; done < CALLS; done += 1) calls[at].call();
      double took = (nanoseconds() - begin) / CALLS;
      if (took < least) least = took;
      if (calls[at].call == call_sendmsg) { /* empties the queue, so that the next batch can send */
        char byte;
        while (recv(pair[0], &byte, 1, MSG_DONTWAIT) >= 0) continue;
      }
    }
    printf("%s %.1f\n", calls[at].name, least);
  }
  return 0;
}
