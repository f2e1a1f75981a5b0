import type { ArgIndex, Rule } from "../seccomp/index.ts";
import { errno, type Pin, type Pinner } from "./pin.ts";
import { compilerAmong } from "./runtimes.ts";

const protWrite = 2n;
const protExec = 4n;

/**
 * Memory may be writable or executable, but not both (mmap(2), mprotect(2); PROT_WRITE 2, PROT_EXEC 4). Memory that was
 * mapped without PROT_EXEC may not become executable. Both are allowed if they were seen. The rest answers EACCES, as
 * under SELinux's execmem and execmod, which just-in-time compilers know.
 */
export function pinProtection(index: ArgIndex, makesExecutable: boolean): Pinner {
  return (values, { programs }) => {
    const seen = values.map(([protection]) => protection ?? 0n);
    const both = protWrite | protExec;
    if (seen.some((protection) => (protection & both) === both))
      return { unpinned: "memory both writable and executable was seen" };
    const compiler = compilerAmong(programs);
    if (compiler?.memory === "writable-and-executable")
      return { unpinned: `${compiler.program} compiles while it runs: ${compiler.reason}` };
    const masked = (mask: bigint, datum: bigint): Rule => ({
      conditions: [{ index, op: "SCMP_CMP_MASKED_EQ", mask, datum }],
    });
    const answer = (rule: Rule, reason: string): Pin["answers"][number] => ({
      action: errno("EACCES"),
      rule,
      reason,
      source: "mprotect(2)",
    });
    if (!makesExecutable || compiler !== undefined || seen.some((protection) => (protection & protExec) !== 0n)) {
      return {
        allow: [protWrite, protExec].map((mask) => masked(mask, 0n)),
        answers: [answer(masked(both, both), "memory both writable and executable: answers as SELinux does")],
      };
    }
    return {
      allow: [masked(protExec, 0n)],
      answers: [answer(masked(protExec, protExec), "memory made executable: answers as SELinux does")],
    };
  };
}
