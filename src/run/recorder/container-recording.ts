import { basename } from "node:path";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeTerminal } from "../../core/text/index.ts";
import type { CodeEvidence } from "../../core/recording/index.ts";
import { codeOf, type ProcessFiles } from "../../logs/index.ts";
import type { Terminal } from "../../project/index.ts";
import {
  choosesSeccomp,
  ImageFiles,
  inspectEngine,
  inspectImage,
  isOn,
  sideProcesses,
  stopSignal,
  valuesOf,
  type ContainerCli,
  type Image,
  type RunCommand,
  type SideProcess,
} from "../container/index.ts";
import {
  ensureTracer,
  leavesOut,
  leavesOutConnections,
  setuidPrograms,
  straceSignal,
  type EndOfRun,
  type TracerBundle,
  type Untraced,
} from "../tracer/index.ts";
import { missedPaths } from "./missed-paths.ts";
import type { RecordOptions, Recorded } from "./recorded.ts";
import { architectureOf, runFacts } from "./run-facts.ts";
import { soughtTracer } from "./sought-tracer.ts";
import { traceWorkload, type TracedWorkload } from "./traced-workload.ts";
import { mentionUnfinished } from "./unfinished.ts";

/** Records `docker run …`. Throws where the workload never started: then there is nothing to keep. */
export async function recordContainer(
  name: string,
  run: RunCommand,
  options: RecordOptions,
  untraced: Untraced,
  terminal: Terminal,
): Promise<Recorded> {
  const engine = await inspectEngine(run.cli);
  await mentionUnfinished(run.cli, name, process.cwd(), terminal);
  const image = await inspectImage(run, terminal.note);
  const arch = architectureOf(engine, image);
  const bundle = await ensureTracer(run.cli, engine.architecture, terminal.note);
  announce(run, options, terminal);
  const sides = sideProcesses(run, image, options.exec);
  const traced = await traceWorkload(
    {
      name,
      arch,
      life: {
        stopSignal: straceSignal(stopSignal(run, image)),
        withoutConnections: leavesOutConnections(untraced),
      },
      request: {
        on: "container",
        run,
        image,
        bundle,
        place: options.tracer,
        sides,
        untraced,
        while: options.while,
        stopAfter: options.stopAfter,
        interrupted: terminal.interrupted,
        notice: (line) => terminal.note(escapeTerminal(line)),
      },
      facts: (end) => runFacts(run, image, engine, end),
      notStarted,
    },
    options,
    isOn(run.options, "tty") ? { note: terminal.note, status: undefined } : terminal,
  );
  noteEnd(traced, terminal);
  const effects = await tracingEffects({ run, image, bundle, filtered: leavesOut(untraced) }, traced);
  for (const warning of effects) terminal.note(escapeTerminal(warning));
  const { aggregators, end } = traced;
  return {
    run: traced.run,
    aggregators,
    code: options.reach ? await codeOfContainer(run.cli, image, traced.files, terminal) : undefined,
    exitCode: end.exitCode,
    stoppedByUs: end.kind === "stopped",
    missed: missedPaths(aggregators[0]?.exercised(), {
      killed: end.killed,
      health: healthOf(sides, traced),
      execs: options.exec.length,
    }),
    trouble: troubleOf(end, options),
    release: traced.release,
  };
}

/**
 * What the code of the container's programs can make, from the image's files. If they cannot be had,
 * the recording goes without: it says so.
 */
async function codeOfContainer(
  cli: ContainerCli,
  image: Image,
  files: readonly ProcessFiles[],
  terminal: Terminal,
): Promise<CodeEvidence | undefined> {
  try {
    await using source = await ImageFiles.open(cli, image.reference);
    return await codeOf(files, source);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    terminal.note(escapeTerminal(`the programs' code was not read, so another day rests on tables alone: ${why}`));
    return undefined;
  }
}

/** Says what went otherwise than it may have been meant. */
function noteEnd({ aggregators, sides, end }: TracedWorkload, terminal: Terminal): void {
  for (const [label, reason] of sides.failures()) terminal.note(`${label}: ${escapeTerminal(reason)}`);
  if (end.kind === "exited" && end.exitCode !== 0) {
    terminal.note(
      `the workload ended with exit code ${end.exitCode ?? "unknown"}; if that was not meant, the ` +
        "recording is incomplete",
    );
  }
  for (const warning of soughtTracer(aggregators)) terminal.note(escapeTerminal(warning));
}

function announce(run: RunCommand, options: RecordOptions, terminal: Terminal): void {
  if (run.options.some((option) => option.settings.some((setting) => choosesSeccomp(setting.name, setting.value)))) {
    terminal.note(
      "--security-opt seccomp=… is left out while recording: strace cannot run under a minimal " +
        "profile; Docker's default applies",
    );
  }
  if (
    isOn(run.options, "detach") &&
    options.while === undefined &&
    options.stopAfter === undefined &&
    options.untilStable === undefined
  ) {
    terminal.note("recording a detached container; press Ctrl-C to stop it and write the profile");
  }
}

/** How a container was traced, as far as that changes what programs do. */
interface Tracing {
  readonly run: RunCommand;
  readonly image: Image;
  readonly bundle: TracerBundle;
  /** Some calls were left out of the trace. */
  readonly filtered: boolean;
}

/** What behaved differently because it was traced. */
async function tracingEffects(
  { run, image, bundle, filtered }: Tracing,
  { run: facts, aggregators, place }: TracedWorkload,
): Promise<readonly string[]> {
  if (place === "sidecar") return [];
  const user = valuesOf(run.options, "user").at(-1) ?? image.user;
  const tracerIsPrivileged = /^(?:|0|root)(?::|$)/.test(user) && (facts.capabilities ?? []).includes("CAP_SYS_PTRACE");
  if (facts.noNewPrivileges === true || (tracerIsPrivileged && !filtered)) return [];
  // A setuid program that root started has lost nothing.
  const suspects = aggregators
    .flatMap((aggregator) => aggregator.executed())
    .filter(({ asRoot, asUser }) => asUser || !asRoot);
  const setuid = await setuidPrograms(run, bundle, [...new Set(suspects.map(({ path }) => path))]);
  if (setuid.length === 0) return [];
  if (filtered)
    return [
      `${setuid.map((path) => basename(path)).join(", ")}: setuid, and run without that privilege, for ` +
        "known calls were not traced: for that, strace moved into the container and set no_new_privs; " +
        "record once more with --append --full",
    ];
  return [
    `${setuid.map((path) => basename(path)).join(", ")}: setuid, and under a tracer without ` +
      "CAP_SYS_PTRACE such a program runs without its privilege; calls may be missing. " +
      `Record it with --tracer sidecar`,
  ];
}

/**
 * Whether the health check, if there is one, was run: when it is due, and before we stop the
 * container.
 */
function healthOf(processes: readonly SideProcess[], { sides }: TracedWorkload): "none" | "seen" | "missed" {
  const check = processes.find(({ label }) => label === "HEALTHCHECK");
  if (check === undefined) return "none";
  return sides.hasSucceeded(check.label) ? "seen" : "missed";
}

/** Why the recording is not whole; `undefined` if it is. */
function troubleOf(end: EndOfRun, options: RecordOptions): SeccompGenError | undefined {
  if (end.kind === "cut") return new SeccompGenError({ code: "trace-broken", detail: end.reason });
  const wasExercised = end.kind === "stopped" && end.by !== "while";
  if (options.while === undefined || wasExercised || end.whileExitCode === 0) return undefined;
  return new SeccompGenError({
    code: "while-failed",
    exitCode: end.whileExitCode,
    containerExitCode: end.kind === "exited" ? end.exitCode : undefined,
  });
}

/**
 * strace, or the holder, says first what the runtime would have said: then the exit code is the
 * runtime's too (docker run reference: 127 not found, 126 not executable).
 */
function notStarted(end: EndOfRun): SeccompGenError {
  const said = end.said.trim().split("\n").slice(-3).join("\n");
  const missing = /^(?:\S*strace: (?:Can't stat|exec:?) |seccomp-gen: ).*$/m
    .exec(said)?.[0]
    .replace(/^\S*(?:strace|seccomp-gen): /, "");
  const missingExitCode = /No such file/.test(missing ?? "") ? 127 : 126;
  const exitCode = missing === undefined ? end.exitCode : missingExitCode;
  return new SeccompGenError({ code: "workload-not-started", detail: missing ?? said }, { exitCode });
}
