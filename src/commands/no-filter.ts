import { SeccompGenError } from "../core/errors/index.ts";
import { noFilterText, readProfile } from "../core/profile/index.ts";
import { escapeLine } from "../core/text/index.ts";
import type { Terminal } from "../project/index.ts";

/** The loudest thing there is to say of a file, beside its being another than expected. */
export function warnOfNoFilter(text: string, path: string, terminal: Terminal): void {
  let noFilter;
  try {
    ({ noFilter } = readProfile(text, path));
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    return; // no engine takes it
  }
  if (noFilter !== undefined) terminal.note(escapeLine(`${path}: ${noFilterText(noFilter)}`));
}
