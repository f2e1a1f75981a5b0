import { basename } from "node:path";
import {
  AuditCollector,
  auditRecording,
  mergeRecordings,
  newCalls,
  stringifyRecording,
  type AuditFilter,
} from "../core/recording/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import {
  checkName,
  readRecording,
  recordingPath,
  showReading,
  systemProblem,
  toldApart,
  whileLocked,
  writeAtomically,
  writeKept,
  type Terminal,
} from "../project/index.ts";
import { readUnpacked } from "../logs/index.ts";

export interface AggregateOptions extends AuditFilter {
  readonly output: string | undefined;
  /** The kept recording that gets the log's calls: its name, or its file. */
  readonly append: string | undefined;
  readonly name: string | undefined;
}

/** `seccomp-gen aggregate`: kernel audit lines → a recording. Exit code 0, or 2 for trouble. */
export async function aggregate(
  logs: readonly string[],
  options: AggregateOptions,
  terminal: Terminal,
): Promise<number> {
  if (options.append !== undefined && options.output !== undefined)
    throw new SeccompGenError({
      code: "usage",
      what: "--append and --output cannot be given together",
      todo: "Give one of them: --append adds the calls to a recording, --output writes a new one.",
    });
  const collector = new AuditCollector(options);
  for (const path of logs) await readLog(path, collector, terminal);
  const findings = collector.findings();
  for (const { line, reason } of findings.unread) terminal.note(`line ${line}: not read: ${reason}`);
  if (findings.unreadTotal > findings.unread.length)
    terminal.note(`${findings.unreadTotal} lines of seccomp were not read`);
  const kept = findings.entries - findings.filtered - findings.denied;
  if (kept === 0) throw new SeccompGenError({ code: "no-audit-lines", entries: findings.entries });
  terminal.note(
    `${kept} lines of seccomp${findings.filtered === 0 ? "" : `, ${findings.filtered} more of other programs`}`,
  );
  if (findings.denied > 0)
    terminal.note(
      `${findings.denied} lines are of calls that a filter denied; they are not recorded, because programs' ` +
        `own sandboxes deny on ` +
        "purpose",
    );
  if (findings.losses > 0)
    terminal.note(
      `the log says ${findings.losses} times that lines were dropped (rate limit), so calls may be missing; ` +
        `raise kernel.printk_ratelimit or run auditd, and let the canary run ` +
        "on",
    );
  if (findings.withoutArguments.length > 0)
    terminal.note(
      `the kernel logs no arguments: ${findings.withoutArguments.join(", ")} will be allowed with any ` +
        "that Docker's default allows",
    );

  if (options.append === undefined) {
    const name =
      options.name ?? (options.output === undefined ? "app" : basename(options.output).replace(/\.json$/, ""));
    const recording = toldApart(auditRecording(checkName(name), findings, undefined));
    if (options.output === undefined) terminal.out(stringifyRecording(recording));
    else await writeAtomically(options.output, stringifyRecording(recording));
    return 0;
  }
  const path = options.append.endsWith(".json") ? options.append : recordingPath(checkName(options.append));
  await whileLocked(path, async () => {
    const known = await readRecording(path);
    if (known === undefined)
      throw new SeccompGenError({
        code: "file-unreadable",
        path,
        detail: "no such file",
        todo: "Record first: --append adds to a recording.",
      });
    const fresh = toldApart(auditRecording(known.name, findings, known));
    const learned = newCalls(known, fresh);
    await writeKept(path, stringifyRecording(mergeRecordings(known, fresh)));
    terminal.note(
      escapeLine(
        learned.length === 0 ? `${path} knows all of these calls` : `${path}: learned ` + `${learned.join(", ")}`,
      ),
    );
  });
  terminal.note("next: seccomp-gen generate --all regenerates the profiles; review the change like any other");
  return 0;
}

async function readLog(path: string, collector: AuditCollector, terminal: Terminal): Promise<void> {
  const label = path === "-" ? "standard input" : path;
  const progress = showReading(label, terminal);
  try {
    await collector.read(readUnpacked(path, progress.read));
  } catch (error) {
    if (error instanceof SeccompGenError) throw error;
    throw new SeccompGenError({ code: "file-unreadable", path: label, ...systemProblem(error) }, { cause: error });
  } finally {
    progress.end();
  }
}
