import { SeccompGenError } from "../core/errors/index.ts";
import { noFilterText, readProfile } from "../core/profile/index.ts";
import { escapeLine } from "../core/text/index.ts";
import type { Terminal } from "../project/index.ts";

/** The message about a profile under which engines run without a filter. `undefined` for any other file. */
export function noFilterIn(text: string, path: string): string | undefined {
  try {
    const { noFilter } = readProfile(text, path);
    return noFilter === undefined ? undefined : noFilterText(noFilter);
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    return undefined; // no engine takes it
  }
}

/** Warns of a file under which engines run without a filter, whatever other messages the file gets. */
export function warnOfNoFilter(text: string, path: string, terminal: Terminal): void {
  const said = noFilterIn(text, path);
  if (said !== undefined) terminal.note(escapeLine(`${path}: ${said}`));
}
