/* What programs do through libc, so that each libc may choose its calls: built with glibc and musl,
 * dynamic and static. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void say(const char *what, long result) { printf("%s %s\n", what, result < 0 ? strerror(errno) : "works"); }

static void caught(int signal) { (void)signal; }

static void *thread(void *lock) {
  for (int n = 0; n < 1000; n++) { pthread_mutex_lock(lock); free(malloc(n * 100)); pthread_mutex_unlock(lock); }
  return NULL;
}

static void files(void) {
  struct stat found;
  struct statvfs room;
  struct timespec times[2] = {{1, 0}, {1, 0}};
  char text[100];
  FILE *file = fopen("/tmp/a", "w+");
  say("fopen", file ? 0 : -1);
  if (!file) exit(1);
  say("fputs", fputs("some text\n", file));
  rewind(file);
  say("fgets", fgets(text, sizeof text, file) ? 0 : -1);
  fclose(file);
  say("stat", stat("/tmp/a", &found));
  say("lstat", lstat("/tmp/a", &found));
  say("access", access("/tmp/a", R_OK));
  say("faccessat", faccessat(AT_FDCWD, "/tmp/a", R_OK, AT_EACCESS));
  say("chmod", chmod("/tmp/a", 0600));
  say("utimensat", utimensat(AT_FDCWD, "/tmp/a", times, 0));
  say("rename", rename("/tmp/a", "/tmp/b"));
  say("symlink", symlink("b", "/tmp/l"));
  say("readlink", readlink("/tmp/l", text, sizeof text));
  say("unlink", unlink("/tmp/l"));
  say("mkdir", mkdir("/tmp/d", 0700));
  say("rmdir", rmdir("/tmp/d"));
  say("truncate", truncate("/tmp/b", 3));
  say("statvfs", statvfs("/", &room));
  DIR *folder = opendir("/");
  say("readdir", folder && readdir(folder) ? 0 : -1);
  closedir(folder);
  say("getpwuid", getpwuid(0) ? 0 : -1);
}

static void processes(char *self) {
  int status, ends[2];
  char *words[] = {self, "child", NULL};
  pid_t child = fork();
  if (child == 0) _exit(3);
  say("fork", child);
  say("waitpid", waitpid(child, &status, 0));
  say("posix_spawn", posix_spawn(&child, self, NULL, NULL, words, environ) ? -1 : 0);
  say("wait", wait(&status));
  say("system", system(NULL) < 0 ? -1 : 0);
  say("pipe", pipe(ends));
  say("dup2", dup2(ends[0], 50));
  struct sigaction action = {.sa_handler = caught};
  say("sigaction", sigaction(SIGUSR1, &action, NULL));
  say("raise", raise(SIGUSR1));
}

static void waiting(void) {
  struct timespec moment = {0, 1000000};
  struct timeval instant = {0, 1000};
  struct epoll_event event = {.events = EPOLLIN};
  struct pollfd asked = {0};
  int pair[2], queue = epoll_create(1), wake = eventfd(1, 0);
  fd_set none;
  FD_ZERO(&none);
  say("nanosleep", nanosleep(&moment, NULL));
  say("usleep", usleep(1000));
  say("select", select(0, &none, NULL, NULL, &instant));
  say("pselect", pselect(0, &none, NULL, NULL, &moment, NULL));
  say("poll", poll(&asked, 0, 1));
  say("epoll_create", queue);
  say("epoll_ctl", epoll_ctl(queue, EPOLL_CTL_ADD, wake, &event));
  say("epoll_wait", epoll_wait(queue, &event, 1, 1));
  say("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  say("send", send(pair[0], "x", 1, 0));
  say("recv", recv(pair[1], (char[1]){0}, 1, 0));
  say("alarm", alarm(0) == 0 ? 0 : -1);
  say("getpgrp", getpgrp() > 0 ? 0 : -1);
  say("inotify_init", inotify_init());
  say("clock", clock_gettime(CLOCK_MONOTONIC, &moment));
}

int main(int argc, char **argv) {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_t threads[3];
  if (argc > 1) return 0;
  files();
  processes(argv[0]);
  waiting();
  for (int n = 0; n < 3; n++) say("thread", pthread_create(&threads[n], NULL, thread, &lock) ? -1 : 0);
  for (int n = 0; n < 3; n++) pthread_join(threads[n], NULL);
  return 0;
}
