import type { FindingKind } from "./types.ts";

/** What a kind of finding means for those who run the profile. FINDINGS.md is made of it. */
export interface KindText {
  readonly title: string;
  readonly why: string;
  readonly todo: string;
}

/** Every kind of finding, in words: what it is, why it matters, what to do. */
export const findingKinds: { readonly [kind in FindingKind]: KindText } = {
  denylist: {
    title: "The default action lets calls through",
    why:
      "A list of what is forbidden is never complete: every call it does not name is open, also those " +
      "of kernels to come.",
    todo:
      "Let the default be SCMP_ACT_ERRNO and name what is needed: record the workload and generate the " + "profile.",
  },
  "unknown-syscall": {
    title: "A name that no kernel has",
    why: "Engines leave unknown names out without a word: what was meant is not allowed, or not denied.",
    todo: "Correct the name. Names are those of the syscalls(2) manual.",
  },
  "unknown-member": {
    title: "A member that no engine reads",
    why:
      'Engines leave out what they do not know without a word: a group with "arg" for "args" has ' +
      "no conditions at all.",
    todo: "Correct its spelling, or take it out.",
  },
  "unknown-architecture": {
    title: "An architecture that libseccomp does not have",
    why: "The runtime refuses the profile: the container does not start.",
    todo: "Use names as SCMP_ARCH_X86_64 and SCMP_ARCH_AARCH64.",
  },
  conflict: {
    title: "Two answers for the same call",
    why:
      "libseccomp refuses a rule that says something else for calls which an earlier rule has " +
      "answered: the container does not start.",
    todo: "Keep one of the rules, or give them conditions that do not meet.",
  },
  refused: {
    title: "A rule that the runtime refuses",
    why: "The container does not start.",
    todo: "Change the rule as the finding says.",
  },
  "or-not-and": {
    title: "Conditions that look and-bound are or-bound",
    why:
      "Where a group has two conditions on one argument, runc and crun make a rule of every condition: " +
      "either one suffices, and a range becomes everything.",
    todo: "Say it with one condition on each argument, SCMP_CMP_MASKED_EQ for sets of flags.",
  },
  "wide-comparison": {
    title: "A 64-bit comparison of a 32-bit argument",
    why:
      "The kernel looks at the lower half only. A program that sets an upper bit does the same, but " +
      "the rule no longer sees it: a deny rule is passed by, an allow rule refuses what is harmless.",
    todo: "Use SCMP_CMP_MASKED_EQ with the mask 4294967295. --fix does it for SCMP_CMP_EQ.",
  },
  "ignored-bits": {
    title: "Bits that the mask ignores",
    why:
      "SCMP_CMP_MASKED_EQ compares the bits of value (the mask) with valueTwo; libseccomp drops the " +
      "bits of valueTwo outside of the mask, so the rule matches more than it says. With a mask of 0 " +
      "it matches every value.",
    todo: "Put the mask into value and what its bits have to be into valueTwo.",
  },
  "beyond-docker": {
    title: "Wider than Docker's default",
    why: "The container can do what it could not do without any profile of yours.",
    todo: "Take the calls out, or say why they are needed (generate --allow).",
  },
  "dangerous-call": {
    title: "A call that attackers look for",
    why:
      "It reaches parts of the kernel that had many vulnerabilities or that reach beyond the " +
      "container, and few services need it.",
    todo: "Take it out, or pin it to the arguments that were recorded (--args).",
  },
  "missing-floor": {
    title: "The container may not start",
    why:
      "The runtime installs the filter before it is done: what it calls afterwards has to be allowed, " +
      "and differs between runc, crun and their versions.",
    todo: "Generate the profile again: the floor is part of it.",
  },
  "enosys-trap": {
    title: "New calls answer EPERM",
    why:
      "Libraries try a new call first and fall back to the old one when the answer is ENOSYS. EPERM " +
      "they believe: programs break after an update of the base image.",
    todo: 'Let these calls answer ENOSYS ("errnoRet": 38), as Docker does for clone3.',
  },
  "socketcall-open": {
    title: "The other way to a socket is open",
    why:
      "On 32-bit x86 socketcall makes any socket. Its arguments are in memory, where no filter looks, " +
      "so the conditions on socket mean nothing.",
    todo: "Take socketcall out, or the 32-bit architecture.",
  },
  "compat-architecture": {
    title: "A second way into the kernel",
    why: "Calls of another architecture reach other kernel code, less used and less tested.",
    todo: "Take the architecture out unless the image has programs of it.",
  },
  "agent-needed": {
    title: "Calls wait for a program that answers",
    why: "SCMP_ACT_NOTIFY and SCMP_ACT_TRACE hand the call to an agent. Without one it fails with ENOSYS.",
    todo: "Run the agent with the container, or use SCMP_ACT_ERRNO.",
  },
  "shadowed-rule": {
    title: "A rule that changes nothing",
    why:
      "Another rule answers the same calls. A reviewer reads two rules where one counts, and may " +
      "correct the wrong one.",
    todo: "Take it out.",
  },
  "old-format": {
    title: "An old format",
    why:
      'Groups with "name" are from before Docker 1.13. Docker still reads them; other engines and ' + "tools do not.",
    todo: 'Write "names": ["…"]. --fix does it.',
  },
  "missing-architectures": {
    title: "No architectures",
    why:
      "Only the machine's own architecture is filtered, and every call that comes in by another kills " +
      "the program.",
    todo: "Name the architectures the profile is meant for.",
  },
  "huge-profile": {
    title: "Too large for the kernel",
    why: "A filter has at most 4096 instructions (BPF_MAXINSNS). The container does not start.",
    todo: "Replace lists of values by masks, or leave arguments open that have so many.",
  },
};
