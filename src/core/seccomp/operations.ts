import { syscallNumber, type Operation } from "../tables/index.ts";
import { callArgs } from "./args.ts";
import { evaluate } from "./evaluate.ts";
import { isAllowing } from "./action.ts";
import type { ArgIndex, Filter, SeccompData } from "./types.ts";

/** An operation as calls, one for each of its forms on the filter's architecture. */
export function callsOfOperation(
  operation: Operation,
  { arch }: Pick<Filter, "arch">,
  syscall: string,
): readonly SeccompData[] {
  return operation.forms
    .filter(({ names, arches }) => names.includes(syscall) && (arches === undefined || arches.includes(arch)))
    .map(({ args = [] }) => ({
      arch,
      name: syscall,
      nr: syscallNumber(arch, syscall),
      args: callArgs(Object.fromEntries(args.map(({ index, value }): [ArgIndex, bigint] => [index, BigInt(value)]))),
    }));
}

/** Does the filter allow the call in some form of the operation? */
export function allowsOperation(filter: Filter, syscall: string, operation: Operation): boolean {
  return callsOfOperation(operation, filter, syscall).some((call) => isAllowing(evaluate(filter, call)));
}
