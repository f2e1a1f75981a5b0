import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { knownBefore, recordingPath, type Terminal } from "../project/index.ts";
import type { ClientCommand } from "../run/gateway/index.ts";
import { recordContainers, type ContainersRecorded, type RecordOptions } from "../run/recorder/index.ts";
import { renderServices, renderSummary, type ServiceRow } from "../words/index.ts";
import { keepRecording, thenRelease, type Kept } from "./keep.ts";

/** What `record` was asked for beside what is asked of one container. */
export interface EachOptions {
  readonly containers: boolean;
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly keep: boolean;
}

/**
 * Whether the containers of a command are recorded through the engine's API, all that it starts at
 * once. Throws if options do not go together.
 */
export function recordsContainers(options: EachOptions & RecordOptions): boolean {
  const wrong = options.containers
    ? [
        ...(options.verify ? ["--verify"] : []),
        ...(options.lean ? ["--lean"] : []),
        ...(options.rounds > 1 ? ["--rounds"] : []),
        ...(options.tracer === "inside" ? ["--tracer inside"] : []),
      ]
    : [
        ...(options.only.length > 0 ? ["--only"] : []),
        ...(options.except.length > 0 ? ["--except"] : []),
        ...(options.keep ? ["--keep"] : []),
      ];
  const [first] = wrong;
  if (first === undefined) return options.containers;
  throw new SeccompGenError({
    code: "usage",
    what: `${first} does not go ${options.containers ? "with" : "without"} --containers`,
    todo: options.containers
      ? `Leave ${first} out, or record each container by itself with docker run.`
      : `Add --containers, or leave ${first} out.`,
  });
}

/** Records every container that a command starts. Resolves to the exit code. */
export async function recordEach(
  command: ClientCommand,
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): Promise<number> {
  const recorded = await recordContainers(command, options, terminal);
  for (const { name, why } of recorded.leftOut) terminal.note(`not recorded: ${escapeLine(name)} (${reasons[why]})`);
  if (recorded.services.length === 0) {
    await recorded.release();
    throw nothingRecorded(command, recorded);
  }
  const { rows, failures } = await keepAll(recorded, options, terminal);
  tell(rows, recorded, options, terminal);
  for (const failure of failures) terminal.note(`error: ${failure.message}\n  ${failure.todo}`);
  const [first] = failures;
  if (first !== undefined) return first.exitCode;
  return recorded.end.by === "itself" ? (recorded.end.exitCode ?? 0) : 0;
}

const reasons: { readonly [Why in ContainersRecorded["leftOut"][number]["why"]]: string } = {
  helper: "a helper of the tool that started it",
  "not asked for": "--only and --except leave it out",
  emulated: "its image is for another machine, and strace would see the emulator",
};

interface Row extends ServiceRow {
  readonly kept: Kept;
}

async function keepAll(
  { services, release }: ContainersRecorded,
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): Promise<{ readonly rows: readonly Row[]; readonly failures: readonly SeccompGenError[] }> {
  const rows: Row[] = [];
  const failures: SeccompGenError[] = [];
  const writing = async (): Promise<void> => {
    let unwritable: SeccompGenError | undefined;
    for (const { name, recording, trouble, unparsed, missed, containers } of services) {
      try {
        const before = await knownBefore(recordingPath(name), options.append);
        const kept = await keepRecording({ name, before, recording, trouble }, options, terminal);
        rows.push({ name, containers, unparsed, missed, kept, ...kept, counts: kept.derivation.counts() });
      } catch (error) {
        if (!(error instanceof SeccompGenError)) throw error;
        failures.push(error);
        if (error.problem.code === "file-unwritable") unwritable = error;
      }
    }
    if (unwritable !== undefined) throw unwritable;
  };
  const stays = (): void =>
    terminal.note("what was traced is still on the engine: seccomp-gen clean takes it into recordings");
  await thenRelease(writing(), release, stays).catch((error: unknown) => {
    if (!(error instanceof SeccompGenError)) throw error; // it is among the failures
  });
  return { rows, failures };
}

function tell(
  rows: readonly Row[],
  { services }: ContainersRecorded,
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): void {
  const [only] = rows;
  if (services.length > 1) {
    if (rows.length > 0) terminal.note(renderServices(rows));
    return;
  }
  if (only === undefined) return;
  const { derivation, recording, paths } = only.kept;
  terminal.note(
    renderSummary({
      ...derivation,
      diff: only.counts,
      mode: options.mode,
      recording,
      paths,
      unparsed: only.unparsed,
      missed: only.missed,
      container: true,
      verified: options.verify,
    }),
  );
}

/** Nothing began: the command's own failure, or it starts its containers by another way. */
function nothingRecorded({ tool, words }: ClientCommand, { end, leftOut, made }: ContainersRecorded): SeccompGenError {
  if (made > 0 || (tool !== undefined && end.exitCode !== 0)) {
    const said = end.stderrTail.trim().split("\n").slice(-3).join("\n");
    const missing = /^seccomp-gen: (.*)$/m.exec(said)?.[1];
    return new SeccompGenError(
      { code: "workload-not-started", detail: missing ?? said },
      { exitCode: end.exitCode === 0 ? undefined : end.exitCode },
    );
  }
  return new SeccompGenError({
    code: "usage",
    what:
      leftOut.length > 0
        ? "no container was recorded: all were left out"
        : `${escapeLine(words[0] ?? "the command")} started no container through the engine it was given`,
    todo:
      "Check that it starts new containers (exec and start of older ones are not recorded), that it " +
      "heeds DOCKER_HOST " +
      "(a --context, -H or a setting of its own goes past it), and that they run on this engine: kubectl, Swarm and " +
      "remote builders start them elsewhere.",
  });
}
