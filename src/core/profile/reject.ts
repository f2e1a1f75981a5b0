import { SeccompGenError } from "../errors/index.ts";
import { offsetOf, positionAt, type Position } from "./position.ts";

/** Where a profile's text comes from. */
export interface Origin {
  readonly text: string;
  readonly source: string;
  /** The place of a pointer in the file that holds the text. Absent if the text is the whole file. */
  readonly place?: (pointer: string) => Position;
}

/** Throws `profile-invalid` at a pointer within the profile. */
export function reject(
  { text, source, place = (at) => positionAt(text, offsetOf(text, at)) }: Origin,
  pointer: string,
  explanation: { readonly detail: string; readonly todo: string },
): never {
  throw new SeccompGenError({
    code: "profile-invalid",
    source,
    pointer: pointer === "" ? "/" : pointer,
    ...place(pointer),
    ...explanation,
  });
}
