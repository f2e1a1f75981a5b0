import { elsewhereText, openedElsewhere } from "../core/diff/index.ts";
import { escapeLine } from "../core/text/index.ts";
import type { DockerProfile, HostContext } from "../core/profile/index.ts";
import type { Terminal } from "../project/index.ts";

/** A profile that allows nothing. */
const nothing: DockerProfile = { defaultAction: "SCMP_ACT_ERRNO", syscalls: [] };

/** At most this many calls are named. */
const shown = 10;

/** Says in one line what the profile allows on other hosts but not on these. `syscall` limits that to one call. */
export function noteElsewhere(
  profile: DockerProfile,
  hosts: readonly HostContext[],
  terminal: Terminal,
  syscall?: string,
): void {
  const found = openedElsewhere(nothing, profile, { hosts }).filter(
    (one) => syscall === undefined || one.syscall === syscall,
  );
  if (found.length === 0) return;
  const rest = found.length > shown ? ` and ${found.length - shown} more` : "";
  terminal.note(
    escapeLine(`on other hosts the profile also allows ${found.slice(0, shown).map(elsewhereText).join(", ")}${rest}`),
  );
}
