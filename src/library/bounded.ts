import { SeccompGenError } from "../core/errors/index.ts";
import { TooManyWays } from "../core/seccomp/index.ts";

/** Work whose only failure that a profile can cause is told as the library tells failures. */
export function bounded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TooManyWays)) throw error;
    throw new SeccompGenError({ code: "rules-too-complex", detail: error.message }, { cause: error });
  }
}
