import { operationsOf } from "../recording/index.ts";
import type { Operation, RequiredCall } from "../tables/index.ts";
import type { PinContext } from "./pin.ts";

type Asked = Pick<PinContext, "code" | "arch">;

/** Does the code of the recorded programs pass only constants for these arguments of the call? */
export function tellsArguments({ code, arch }: Asked, syscall: string, indices: readonly number[]): boolean {
  const made = operationsOf(code, arch, syscall);
  return made.length > 0 && made.every(({ values }) => indices.every((index) => values.get(index) !== undefined));
}

/** Does the code of a recorded program open the operation, by making the call in this form with constants? */
export function isOpenedByCode(asked: Asked, syscall: string, { onlySeen }: Operation, form: RequiredCall): boolean {
  return onlySeen !== true && passedByCode(asked, syscall, form);
}

/** Does the code of a recorded program make the call in this form, with constants? */
function passedByCode({ code, arch }: Asked, syscall: string, { args = [] }: RequiredCall): boolean {
  return operationsOf(code, arch, syscall).some(({ values }) =>
    args.every(({ index, value, mask = 0xffff_ffff }) => {
      const passed = values.get(index);
      return passed !== undefined && (passed & BigInt(mask)) === BigInt(value);
    }),
  );
}
