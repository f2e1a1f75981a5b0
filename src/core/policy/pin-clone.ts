import { cloneFlagsIndex } from "../tables/index.ts";
import { errno, type Pinner } from "./pin.ts";

/**
 * CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h): the mask of
 * Docker's default profile.
 */
export const namespaceFlags = 0x7e02_0000n;

/** Allows threads and processes, but only namespaces that were seen. */
export const pinClone: Pinner = (values, { arch }) => {
  const index = cloneFlagsIndex(arch);
  const used = values.reduce((flags, [value]) => flags | (value ?? 0n), 0n) & namespaceFlags;
  const denied = namespaceFlags & ~used;
  const bits = [...Array(32).keys()].map((bit) => 1n << BigInt(bit)).filter((bit) => (denied & bit) !== 0n);
  return {
    allow: [{ conditions: [{ index, op: "SCMP_CMP_MASKED_EQ", mask: denied, datum: 0n }] }],
    answers: bits.map((bit) => ({
      action: errno("EPERM"),
      rule: { conditions: [{ index, op: "SCMP_CMP_MASKED_EQ", mask: bit, datum: bit }] },
      reason: "a new namespace: answers as under Docker's default",
      source: "clone(2)",
    })),
  };
};
