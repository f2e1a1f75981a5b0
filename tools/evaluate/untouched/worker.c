/* A service of the evaluation, in C: shared memory, timers, children. Each line from a client makes it do one thing. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static void *idle(void *word) { usleep(1000); return word; }

static const char *answer(const char *what) {
  if (!strcmp(what, "shm")) {
    int file = shm_open("/evaluate", O_CREAT | O_RDWR, 0600);
    if (file < 0 || ftruncate(file, 4096)) return strerror(errno);
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) return strerror(errno);
    strcpy(page, "shared"); msync(page, 4096, MS_SYNC); munmap(page, 4096); close(file); shm_unlink("/evaluate");
    return "shared";
  }
  if (!strcmp(what, "sem")) {
    sem_t *sem = sem_open("/evaluate", O_CREAT, 0600, 1);
    if (sem == SEM_FAILED) return strerror(errno);
    sem_wait(sem); sem_post(sem); sem_close(sem); sem_unlink("/evaluate");
    return "counted";
  }
  if (!strcmp(what, "timer")) {
    int timer = timerfd_create(CLOCK_MONOTONIC, 0); uint64_t ticks;
    struct itimerspec soon = {.it_value.tv_nsec = 1000000};
    if (timer < 0 || timerfd_settime(timer, 0, &soon, 0) || read(timer, &ticks, 8) != 8) return strerror(errno);
    close(timer);
    return "ticked";
  }
  if (!strcmp(what, "posix-timer")) {
    timer_t timer; struct sigevent none = {.sigev_notify = SIGEV_NONE}; struct itimerspec soon = {.it_value.tv_sec = 1};
    if (timer_create(CLOCK_REALTIME, &none, &timer) || timer_settime(timer, 0, &soon, 0)) return strerror(errno);
    timer_delete(timer);
    return "armed";
  }
  if (!strcmp(what, "child")) {
    int status; pid_t child = fork();
    if (child == 0) { setpriority(0, 0, 5); _exit(3); }
    if (child < 0 || waitpid(child, &status, 0) < 0) return strerror(errno);
    return WEXITSTATUS(status) == 3 ? "reaped" : "lost";
  }
  if (!strcmp(what, "thread")) {
    pthread_t thread; if (pthread_create(&thread, 0, idle, 0)) return strerror(errno);
    pthread_join(thread, 0);
    return "joined";
  }
  if (!strcmp(what, "file")) {
    int file = open("/tmp/file", O_CREAT | O_RDWR, 0600); struct iovec parts[2] = {{"a", 1}, {"b", 1}}; char two[2];

       if (file < 0 || pwritev(file, parts, 2, 0) != 2 || fdatasync(file) || pread(file, two, 2, 0) != 2)
           return strerror(errno);
    posix_fallocate(file, 0, 100); posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED); fchmod(file, 0644);
    close(file); unlink("/tmp/file");
    return "stored";
  }
  if (!strcmp(what, "watch")) {
    int watch = inotify_init1(IN_NONBLOCK);
    if (watch < 0 || inotify_add_watch(watch, "/tmp", IN_CREATE) < 0) return strerror(errno);
    close(watch);
    return "watching";
  }
  if (!strcmp(what, "popen")) {
    char line[20] = ""; FILE *pipe = popen("echo from a program", "r");
    if (!pipe || !fgets(line, 20, pipe)) return strerror(errno);
    pclose(pipe);
    return "started";
  }
  if (!strcmp(what, "log")) { syslog(LOG_INFO, "a line"); return "logged"; }
  return "hello";
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  int all = epoll_create1(EPOLL_CLOEXEC), door = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(8000), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(door, (void *)&here, sizeof here) || listen(door, 50)) return 1;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = door};
  epoll_ctl(all, EPOLL_CTL_ADD, door, &event);
  for (;;) {
    if (epoll_wait(all, &event, 1, -1) < 1) continue;
    int guest = accept4(door, 0, 0, SOCK_CLOEXEC); char word[40] = "";
    if (guest < 0) continue;
    ssize_t length = recv(guest, word, 39, 0);
    if (length > 0) word[strcspn(word, "\r\n")] = 0;
    const char *said = answer(word);
    send(guest, said, strlen(said), 0); send(guest, "\n", 1, 0); close(guest);
  }
}
