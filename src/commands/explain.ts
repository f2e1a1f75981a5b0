import {
  hostOf,
  hostsOf,
  runtimeOf,
  loadReference,
  loadProfile,
  noteOtherMachine,
  recordingOf,
  type HostOptions,
  type Terminal,
} from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { elsewhereText, openedElsewhere, type Elsewhere } from "../core/diff/index.ts";
import { ineffectiveFor } from "../core/lint/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { explain as explainProfile } from "../core/explain/index.ts";
import {
  ceilingFor,
  nearestCall,
  noFilterText,
  resolveFor,
  type DockerProfile,
  type HostContext,
} from "../core/profile/index.ts";
import { renderExplanation } from "../words/index.ts";
import { isSyscallName } from "../core/tables/index.ts";

export interface ExplainOptions extends HostOptions {
  readonly format: "text" | "json" | "html";
  /** The recording from which the profile was made. If it is `undefined`, `explain` looks for it beside the profile. */
  readonly recording: string | undefined;
  readonly against: string | undefined;
  /** Shows every call, also on a terminal. */
  readonly all?: boolean;
}

/** `seccomp-gen explain PROFILE [SYSCALL]`: 0, 1 if engines run the profile without a filter, 2 for trouble. */
export async function explain(
  file: string,
  syscall: string | undefined,
  options: ExplainOptions,
  terminal: Terminal,
): Promise<number> {
  if (syscall !== undefined) {
    if (options.format === "html")
      throw new SeccompGenError({
        code: "usage",
        what: "the HTML page shows a whole profile",
        todo: "Leave the syscall out, or use --format text. The page has every call.",
      });
    checkName(syscall);
  }
  const document = (await loadProfile(file)).read();
  const recording = await recordingOf(file, options.recording);
  // A recording has the container's capabilities. Options that name others win.
  const asked = options.capAdd.length + options.capDrop.length > 0 || options.arch !== undefined;
  const hosts =
    recording === undefined || asked
      ? [hostOf(options, [document])]
      : hostsOf(recording).map((host) => ({ ...host, ...runtimeOf(options.runtime), kernel: options.kernel }));
  const [host] = hosts;
  if (recording === undefined && host !== undefined) noteOtherMachine(file, options, host, terminal);
  const reference = await loadReference(options.against);
  const filters = resolveFor(document, hosts);
  const explanation = explainProfile({
    noFilter: document.noFilter,
    profile: file,
    filters,
    ceiling: ceilingFor(reference.profile, hosts, filters.keys()),
    ceilingName: reference.name,
    findings: ineffectiveFor(document, hosts),
    capabilities: host?.capabilities ?? new Set(),
    runs: recording?.runs ?? [],
    recorded: recording?.syscalls ?? {},
    code: recording?.code,
  });
  if (document.noFilter !== undefined) terminal.note(escapeLine(`${file}: ${noFilterText(document.noFilter)}`));
  else
    for (const changed of elsewhereOf(document, hosts).slice(0, shownElsewhere))
      terminal.note(escapeLine(`allowed on other hosts only: ${elsewhereText(changed)}`));
  terminal.out(
    renderExplanation(explanation, syscall, {
      format: options.format,
      color: terminal.color,
      width: terminal.width,
      isBrief: terminal.isScreen === true && options.all !== true,
    }),
  );
  return document.noFilter === undefined ? 0 : 1;
}

/** At most this many conditions are shown. */
const shownElsewhere = 20;

/** The calls that the profile allows only on other hosts. */
function elsewhereOf(document: DockerProfile, hosts: readonly HostContext[]): readonly Elsewhere[] {
  return openedElsewhere({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [] }, document, { hosts });
}

function checkName(syscall: string): void {
  if (isSyscallName(syscall)) return;
  const meant = nearestCall(syscall);
  throw new SeccompGenError({
    code: "usage",
    what: `there is no syscall ${syscall}`,
    todo: meant === undefined ? "Names are those of the syscalls manual, e.g. openat." : `Did you mean ${meant}?`,
  });
}
