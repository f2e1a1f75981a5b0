// The least work on the bytes of a log: counts the names before the first bracket of each line, and prints each with
// its count.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { slots = 1 << 14 };
static struct { const char *name; unsigned length; unsigned long count; } table[slots];

static int is_letter(char byte) { return byte >= 'a' && byte <= 'z'; }
static int is_word(char byte) { return is_letter(byte) || byte == '_' || (byte >= '0' && byte <= '9'); }

int main(int argc, char **argv) {
  struct stat about;
  int file = argc > 1 ? open(argv[1], O_RDONLY) : -1;
  if (file < 0 || fstat(file, &about)) return 1;
  const char *at = mmap(0, about.st_size, PROT_READ, MAP_PRIVATE, file, 0), *end = at + about.st_size;
  while (at < end) {
    const char *next = memchr(at, '\n', end - at);
    if (!next) next = end;
    while (at < next && !is_letter(*at) && *at != '<') at++; // pid, time, number of the call
    const char *name = at;
    unsigned hash = 0;
    for (; at < next && is_word(*at); at++) hash = hash * 31 + *at;
    if (at < next && *at == '(' && at > name) {
      unsigned length = at - name, slot = hash % slots;
      while (table[slot].count && (table[slot].length != length || memcmp(table[slot].name, name, length)))
        slot = (slot + 1) % slots;
      table[slot].name = name;
      table[slot].length = length;
      table[slot].count++;
    }
    at = next + 1;
  }
  for (int slot = 0; slot < slots; slot++)
    if (table[slot].count) printf("%7lu %.*s\n", table[slot].count, (int)table[slot].length, table[slot].name);
  return 0;
}
