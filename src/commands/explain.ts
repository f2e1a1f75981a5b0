import {
  hostOf,
  hostsOf,
  layoutOf,
  runtimeOf,
  loadReference,
  loadProfile,
  noteOtherMachine,
  recordingOf,
  type HostOptions,
  type Terminal,
} from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { ineffectiveFor } from "../core/lint/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { explain as explainProfile } from "../core/explain/index.ts";
import { ceilingFor, listedHosts, nearestCall, noFilterText, resolveFor } from "../core/profile/index.ts";
import { renderExplanation } from "../words/index.ts";
import { isSyscallName } from "../core/tables/index.ts";
import { noteElsewhere } from "./elsewhere.ts";

export interface ExplainOptions extends HostOptions {
  readonly format: "text" | "json" | "html";
  /** The recording from which the profile was made. If it is `undefined`, `explain` looks for it beside the profile. */
  readonly recording: string | undefined;
  readonly against: string | undefined;
  readonly all?: boolean | undefined;
}

/** `seccomp-gen explain PROFILE [SYSCALL]`: 1 if engines run the profile without a filter, 2 for trouble, else 0. */
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
      ? listedHosts(hostOf(options, [document]), [document])
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
  else noteElsewhere(document, hosts, terminal, syscall);
  terminal.out(renderExplanation(explanation, syscall, { ...layoutOf(terminal, options.all), format: options.format }));
  return document.noFilter === undefined ? 0 : 1;
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
