/**
 * The registers that hold the system call's number, the arguments of a system call, and the first arguments of a
 * function (psABIs; Linux syscall(2)).
 */
export const conventions = {
  "x86-64": { number: 0, callArguments: [7, 6, 2, 10, 8, 9], arguments: [7, 6, 2, 1, 8, 9] },
  aarch64: { number: 8, callArguments: [0, 1, 2, 3, 4, 5], arguments: [0, 1, 2, 3, 4, 5] },
} as const;
