import type { CallContext } from "./call.ts";
import type { Source, StraceEvent, Tracee } from "./types.ts";

/** At most this many characters of a line are shown. */
export const maxShown = 200;

/** The event of a line, or a part of one, that the parser does not understand. */
export function unparsed(reason: string, text: string, tracee: Tracee, source: Source): StraceEvent {
  return { kind: "unparsed", tracee, source, reason, text: text.slice(0, maxShown) };
}

export function sourceOf({ file, line, column }: CallContext): Source {
  return { file, line, column };
}
