import { SeccompGenError } from "../errors/index.ts";
import { offsetOf, positionAt } from "./position.ts";

/** Where a profile's text comes from. */
export interface Origin {
  readonly text: string;
  readonly source: string;
}

/** Throws `profile-invalid` at a pointer within the profile. */
export function reject(
  origin: Origin,
  pointer: string,
  explanation: { readonly detail: string; readonly todo: string },
): never {
  const { line, column } = positionAt(origin.text, offsetOf(origin.text, pointer));
  throw new SeccompGenError({
    code: "profile-invalid",
    source: origin.source,
    pointer: pointer === "" ? "/" : pointer,
    line,
    column,
    ...explanation,
  });
}
