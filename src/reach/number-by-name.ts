/**
 * Numbers that code looks up by a call's name at run time. libseccomp makes its calls in this way:
 *
 *     nr = arch_syscall_resolve_name(arch, "seccomp"); syscall(nr, …);
 *
 * This is believed, not proved: if a function gets the name of a call, and its result is used as a call's number, then
 * the result is the number of that name.
 */
import { cString } from "./bytes.ts";
import { conventions } from "./conventions.ts";
import { offsetOf } from "./elf.ts";
import { isWritable } from "./events.ts";
import type { Lifted, Program } from "./program.ts";
import type { Value } from "./steps.ts";
import { numberOf } from "./syscall-names.ts";

/** The register of results on both architectures: rax, x0. */
export const resultRegister = 0;

/** Such functions get the name in one of their first arguments, at most this many. */
const nameArguments = 2;
/** No call has a longer name. */
const longestName = 32;

/** The number of the call whose name is passed at step `call`. `undefined` if none is passed. */
export function numberByName(program: Program, lifted: Lifted, call: number): number | undefined {
  const { machine } = program.context.image;
  const waiting = new Set<number>(conventions[machine].arguments.slice(0, nameArguments));
  for (let step = call; step > 0 && waiting.size > 0; step -= 1) {
    const before = lifted.steps[step - 1];
    if (before === undefined || before.flow !== "next" || before.next !== lifted.steps[step]?.at) return undefined;
    for (const { to, value } of before.writes) {
      if (to.in !== "register" || !waiting.delete(to.register)) continue;
      if (value.is === "copy" && value.of.in === "register" && value.then === undefined) waiting.add(value.of.register);
      const name = nameAt(program, value);
      const number = name === undefined ? undefined : numberOf(machine, name);
      if (number !== undefined) return number;
    }
    for (const register of waiting) if ((before.clobbers & (1 << register)) !== 0) waiting.delete(register);
  }
  return undefined;
}

/** The text at the address that a value is, if the text cannot change. */
function nameAt({ context }: Program, value: Value): string | undefined {
  const { image } = context;
  // In position-dependent code an address is a constant like any other.
  const isNumber = value.is === "constant" && image.fixed;
  const rva =
    value.is === "address" && value.of.in === "variable" ? value.of.rva : isNumber ? value.value - image.base : -1;
  const offset = rva < 0 || isWritable(context, rva) ? -1 : offsetOf(image, rva);
  return offset < 0 ? undefined : cString(image.source, offset, longestName);
}
