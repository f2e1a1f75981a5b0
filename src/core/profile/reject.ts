import { SeccompGenError } from "../errors/index.ts";
import { offsetOf, positionAt } from "./position.ts";

/**
 * Where a profile's text comes from. `base`: the pointer of the profile in the document
 * (`/linux/seccomp` in an OCI config).
 */
export interface Origin {
  readonly text: string;
  readonly source: string;
  readonly base: string;
}

/** Throws `profile-invalid` at a pointer within the profile. */
export function reject(
  origin: Origin,
  pointer: string,
  explanation: { readonly detail: string; readonly todo: string },
): never {
  const full = origin.base + pointer;
  const { line, column } = positionAt(origin.text, offsetOf(origin.text, full));
  throw new SeccompGenError({
    code: "profile-invalid",
    source: origin.source,
    pointer: full === "" ? "/" : full,
    line,
    column,
    ...explanation,
  });
}
