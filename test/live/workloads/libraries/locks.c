/*
 * A program that wants its lock to inherit priorities if an argument says so, and that goes on without if it cannot. It
 * prints which lock it has, and counts with two threads.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock;
static int count;

static void *counts(void *none) {
  for (int n = 0; n < 20000; n += 1) {
    pthread_mutex_lock(&lock);
    count += 1;
    pthread_mutex_unlock(&lock);
  }
  return none;
}

int main(int words, char **word) {
  int inherits = words > 1 && strcmp(word[1], "inherit") == 0;
  pthread_mutexattr_t wanted;
  pthread_mutexattr_init(&wanted);
  if (inherits && pthread_mutexattr_setprotocol(&wanted, PTHREAD_PRIO_INHERIT) != 0) inherits = 0;
  if (pthread_mutex_init(&lock, &wanted) != 0) {
    inherits = 0;
    if (pthread_mutex_init(&lock, NULL) != 0) return 2;
  }
  pthread_t threads[2];
  for (int n = 0; n < 2; n += 1)
    if (pthread_create(&threads[n], NULL, counts, NULL) != 0) return 3;
  for (int n = 0; n < 2; n += 1) pthread_join(threads[n], NULL);
  printf("%s lock, counted %d\n", inherits ? "inheriting" : "plain", count);
  return count == 40000 ? 0 : 1;
}
