/** Ordinary calls that hardly any program makes, although the code of many can. */
export interface RareRow {
  readonly names: readonly string[];
  readonly reason: string;
}

/**
 * A rare call counts only if a program that ran reaches it by its own instructions or by few of its imports. Far ways
 * to it lie in the C library, and in libraries that nearly all programs link. 17 workloads were recorded lightly. None
 * of them made, on another day, a call that this leaves out.
 */
export const rareRows: readonly RareRow[] = [
  {
    names: [
      "sched_get_priority_max",
      "sched_get_priority_min",
      "sched_getattr",
      "sched_getparam",
      "sched_getscheduler",
      "sched_rr_get_interval",
      "sched_setattr",
      "sched_setparam",
      "sched_setscheduler",
    ],
    reason: "the C library has it behind attributes of threads; a program that sets policies imports it",
  },
  {
    names: ["fremovexattr", "fsetxattr", "lremovexattr", "lsetxattr", "removexattr", "setxattr"],
    reason: "small tools copy access control lists with it, on file systems that have them",
  },
  {
    names: ["clock_getres", "clock_getres_time64", "mincore", "sync", "times"],
    reason: "an option of small tools",
  },
  {
    names: ["sendmmsg"],
    reason: "the C library's resolver sends two questions with it; a program that resolves names imports that",
  },
];

export const rareCalls: ReadonlySet<string> = new Set(rareRows.flatMap(({ names }) => names));
