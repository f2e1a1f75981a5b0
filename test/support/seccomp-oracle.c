/*
 * The judge of src/core/seccomp. It builds filters with the installed libseccomp, lets the kernel run them, and prints
 * the answers to calls.
 *
 * Reads one filter after the other from standard input:
 *   F <default errno>                                   a new filter for this machine's own architecture
 *   A <libseccomp architecture>                         also for this one (x86, x32)
 *   R <errno> <syscall> <n> { <arg> <op> <a> <b> } * n  a rule; op is the number of enum scmp_compare
 *   T <number> <a0> .. <a5>                             a call, native;  C ...: through int $0x80 (i386)
 *   .                                                   the end: install and try
 *   S                                                   the end: only count this filter's instructions; errno 0: ALLOW
 * Prints one line a filter: "refused <rule>", one errno a call ("0": it reached the kernel, "K": killed), or the number
 * of instructions.
 *
 * Build: cc -O1 -o seccomp-oracle seccomp-oracle.c -lseccomp
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct call { int compat; unsigned int nr; uint64_t a[6]; };
static struct call calls[100000];

static long compat_call(const struct call *c) {
  long result;
#ifdef __x86_64__
  register uint64_t bp __asm__("r12") = c->a[5];
  __asm__ volatile("push %%rbp; mov %%r12, %%rbp; int $0x80; pop %%rbp"
                   : "=a"(result)
                   : "a"((uint64_t)c->nr), "b"(c->a[0]), "c"(c->a[1]), "d"(c->a[2]), "S"(c->a[3]), "D"(c->a[4]), "r"(bp)
                   : "memory", "r8", "r9", "r10", "r11");
#else
  result = -ENOSYS;
#endif
  return (int)result;
}

static long native_call(const struct call *c) {
  long result = syscall((long)(int)c->nr, c->a[0], c->a[1], c->a[2], c->a[3], c->a[4], c->a[5]);
  return result == -1 ? -errno : result;
}

static void try_calls(scmp_filter_ctx ctx, int count) {
  fflush(stdout);
  for (int done = 0; done < count;) {
    int out[2];
    if (pipe(out) != 0) exit(3);
    pid_t child = fork();
    if (child == 0) {
      if (seccomp_load(ctx) != 0) _exit(4);
      for (int i = done; i < count; i++) {
        long result = calls[i].compat ? compat_call(&calls[i]) : native_call(&calls[i]);
        int error = result < 0 && result > -4096 ? (int)-result : 0;
        if (write(out[1], &error, sizeof error) != sizeof error) _exit(5);
      }
      _exit(0);
    }
    close(out[1]);
    int error, status;
    while (read(out[0], &error, sizeof error) == sizeof error) { printf("%d ", error); done++; }
    close(out[0]);
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) { printf("K "); done++; }
    else if (WEXITSTATUS(status) != 0) { printf("failed %d", WEXITSTATUS(status)); break; }
  }
  printf("\n");
}

static uint32_t action_of(int error) { return error == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(error); }

/* struct sock_filter has eight bytes. */
static long instructions(scmp_filter_ctx ctx) {
  int file = memfd_create("bpf", 0);
  if (file < 0 || seccomp_export_bpf(ctx, file) != 0) exit(6);
  long size = lseek(file, 0, SEEK_END);
  close(file);
  return size / 8;
}

int main(void) {
  scmp_filter_ctx ctx = NULL;
  int count = 0, rules = 0, refused = -1;
  char word[8];
  while (scanf("%7s", word) == 1) {
    switch (word[0]) {
    case 'F': {
      int error;
      if (scanf("%d", &error) != 1) return 2;
      ctx = seccomp_init(action_of(error));
      count = rules = 0;
      refused = -1;
      break;
    }
    case 'A': {
      char name[32];
      if (scanf("%31s", name) != 1) return 2;
      if (seccomp_arch_add(ctx, seccomp_arch_resolve_name(name)) != 0) return 2;
      break;
    }
    case 'R': {
      char name[64];
      int error, n;
      struct scmp_arg_cmp args[6];
      if (scanf("%d %63s %d", &error, name, &n) != 3 || n > 6) return 2;
      for (int i = 0; i < n; i++) {
        int op;
        if (scanf("%u %d %" SCNu64 " %" SCNu64, &args[i].arg, &op, &args[i].datum_a, &args[i].datum_b) != 4) return 2;
        args[i].op = op;
      }
      int number = seccomp_syscall_resolve_name(name);
      /* The runtimes leave out names that their libseccomp does not know. */
      if (refused < 0 && number != __NR_SCMP_ERROR &&
          seccomp_rule_add_array(ctx, action_of(error), number, n, args) != 0)
        refused = rules;
      rules++;
      break;
    }
    case 'T':
    case 'C': {
      struct call *c = &calls[count++];
      c->compat = word[0] == 'C';
      if (scanf("%u", &c->nr) != 1) return 2;
      for (int i = 0; i < 6; i++) if (scanf("%" SCNu64, &c->a[i]) != 1) return 2;
      break;
    }
    case '.':
    case 'S':
      if (refused >= 0) printf("refused %d\n", refused);
      else if (word[0] == 'S') printf("%ld\n", instructions(ctx));
      else {
        /* The calls that this program itself needs. */
        seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 0);
        seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0);
        try_calls(ctx, count);
      }
      seccomp_release(ctx);
      break;
    default:
      return 2;
    }
  }
  return 0;
}
