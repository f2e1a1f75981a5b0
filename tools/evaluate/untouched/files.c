/* A program of the evaluation for musl. Its first argument says what it does: copy, list, rename. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words) {
  const char *what = count > 1 ? words[1] : "read";
  char buffer[4096];
  FILE *file = fopen("/srv/files/numbers", "r");
  if (!file || !fgets(buffer, sizeof buffer, file)) { perror("numbers"); return 1; }
  printf("first %s", buffer);
  if (!strcmp(what, "read")) return 0;
  mkdir("/tmp/musl", 0700);
  FILE *copy = fopen("/tmp/musl/copy", "w");
  for (size_t length; (length = fread(buffer, 1, sizeof buffer, file));) fwrite(buffer, 1, length, copy);
  fflush(copy); fsync(fileno(copy)); fclose(copy);
  rename("/tmp/musl/copy", "/tmp/musl/numbers"); symlink("numbers", "/tmp/musl/link");
  link("/tmp/musl/numbers", "/tmp/musl/hard");
  struct stat seen; struct statvfs disk;
  if (stat("/tmp/musl/link", &seen) || statvfs("/tmp", &disk)) { perror("stat"); return 2; }
  printf("%lld bytes, %d links\n", (long long)seen.st_size, (int)seen.st_nlink);
  DIR *folder = opendir("/tmp/musl"); int entries = 0;
  while (folder && readdir(folder)) entries++;
  closedir(folder); printf("%d entries\n", entries);
  struct timespec pause = {0, 1000000}; nanosleep(&pause, 0);
  printf("system %d\n", WEXITSTATUS(system("rm -r /tmp/musl; exit 4")));
  char name[] = "/tmp/muslXXXXXX"; int made = mkstemp(name);
  if (made < 0 || ftruncate(made, 10) || lockf(made, F_LOCK, 0)) { perror("mkstemp"); return 3; }
  unlink(name); puts(getcwd(buffer, sizeof buffer) ? "done" : "no folder");
  return 0;
}
