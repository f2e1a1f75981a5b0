import { SeccompGenError } from "../core/errors/index.ts";
import { TooManyWays } from "../core/seccomp/index.ts";

/** Runs `work`, and turns the one failure that a profile can cause into the library's error. */
export function bounded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TooManyWays)) throw error;
    throw new SeccompGenError({ code: "rules-too-complex", detail: error.message }, { cause: error });
  }
}
