import type { ArgCondition, Rule } from "../seccomp/index.ts";

/** socketcall(2)'s first argument per call: SYS_SOCKET … of linux/net.h. */
const socketCalls: readonly string[] = [
  "",
  "socket",
  "bind",
  "connect",
  "listen",
  "accept",
  "getsockname",
  "getpeername",
  "socketpair",
  "send",
  "recv",
  "sendto",
  "recvfrom",
  "shutdown",
  "setsockopt",
  "getsockopt",
  "sendmsg",
  "recvmsg",
  "accept4",
  "recvmmsg",
  "sendmmsg",
];

/** ipc(2)'s first argument per call: SEMOP … of linux/ipc.h. */
const ipcCalls: { readonly [name: string]: number } = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};

/**
 * Where an architecture enters a call through socketcall(2) or ipc(2) too, libseccomp adds the rule
 * there as well: argument 0 becomes the number of the call, whatever the rule asked of its own
 * argument 0, and conditions on the other arguments stay as they are, although these now hold
 * something else (abi_rule_add() in src/syscalls.c). So a pinned `socket` leaves `socketcall` open
 * for every family.
 */
export function multiplexedRule(multiplexer: "socketcall" | "ipc", name: string, rule: Rule): Rule {
  const number = multiplexer === "socketcall" ? socketCalls.indexOf(name) : (ipcCalls[name] ?? 0);
  const selector: ArgCondition = { index: 0, op: "SCMP_CMP_EQ", datum: BigInt(number) };
  return { conditions: [selector, ...rule.conditions.filter(({ index }) => index !== 0)] };
}
