import type { RequiredCall } from "../tables/index.ts";
import type { PinContext } from "./pin.ts";

/** Is it known with which constants the programs' code makes this call? */
export function tellsArguments(_context: PinContext, _syscall: string): boolean {
  return false;
}

/** Does the code of a recorded program make the call in this form, with constants? */
export function passedByCode(_context: PinContext, _syscall: string, _form: RequiredCall): boolean {
  return false;
}
