import { basename } from "node:path";
import { createAggregator, type Aggregator, type Run } from "../../core/recording/index.ts";
import {
  choosesSeccomp,
  inspectEngine,
  inspectImage,
  isOn,
  sideProcesses,
  stopSignal,
  valuesOf,
  type Image,
  type RunCommand,
  type SideProcess,
} from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeTerminal } from "../../core/text/index.ts";
import { readInto } from "../../logs/index.ts";
import { showProgress, type Terminal } from "../../project/index.ts";
import {
  ensureTracer,
  leavesOut,
  leavesOutConnections,
  setuidPrograms,
  straceSignal,
  traceContainer,
  type TracedEnd,
  type TracerBundle,
  type Untraced,
} from "../tracer/index.ts";
import { missedPaths } from "./missed-paths.ts";
import type { RecordOptions, Recorded } from "./recorded.ts";
import { soughtTracer } from "./sought-tracer.ts";
import { architectureOf, runFacts } from "./run-facts.ts";
import { untilStable } from "./stability.ts";
import { mentionUnfinished, unfinishedText } from "./unfinished.ts";

/**
 * Records `docker run …`. Throws where the workload never started: then there is nothing to keep.
 */
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
  const tracer = await ensureTracer(run.cli, engine.architecture, terminal.note);
  announce(run, options, terminal);

  const sides = sideProcesses(run, image, options.exec);
  const aggregators: Aggregator[] = [];
  const life = { stopSignal: straceSignal(stopSignal(run, image)), withoutConnections: leavesOutConnections(untraced) };
  const endProgress = showProgress(
    aggregators,
    isOn(run.options, "tty") ? { note: terminal.note, status: undefined } : terminal,
  );
  const end = await traceContainer(
    run,
    image,
    tracer,
    options.tracer,
    {
      while: options.while,
      stopAfter: options.stopAfter,
      ...(options.untilStable === undefined ? {} : { stable: untilStable(aggregators, options.untilStable) }),
      interrupted: terminal.interrupted,
      notice: (line) => terminal.note(escapeTerminal(line)),
    },
    sides,
    async (trace, chunks) => {
      const aggregator = createAggregator({ arch, life: trace === "main" ? life : { within: "serve" } });
      aggregators.push(aggregator);
      await readInto(aggregator, chunks, trace);
    },
    untraced,
    {
      keep: unfinishedText({
        name,
        folder: process.cwd(),
        arch,
        life,
        run: {
          ...runFacts(run, image, engine, { by: "itself", exitCode: 137, strace: undefined }),
          ...(options.lean ? { lean: true as const } : {}),
        },
      }),
    },
  ).finally(endProgress);
  if (!aggregators.some((aggregator) => aggregator.counts().started)) {
    await end.release();
    throw notStarted(end);
  }
  for (const side of end.sideFailures) terminal.note(`${side.label}: ${escapeTerminal(side.reason)}`);
  if (end.by === "itself" && end.exitCode !== 0) {
    terminal.note(
      `the workload ended with exit code ${end.exitCode ?? "unknown"}; if that was not meant, the ` +
        "recording is incomplete",
    );
  }
  for (const warning of soughtTracer(aggregators)) terminal.note(escapeTerminal(warning));
  const facts = runFacts(run, image, engine, end);
  for (const warning of await tracingEffects(run, image, tracer, facts, end, aggregators, leavesOut(untraced)))
    terminal.note(escapeTerminal(warning));
  return {
    run: facts,
    aggregators,
    exitCode: end.exitCode,
    stoppedByUs: end.by !== "itself",
    missed: missedPaths(aggregators[0]?.exercised(), {
      killed: end.exitCode === 137,
      health: healthOf(sides, end),
      execs: options.exec.length,
    }),
    trouble: troubleOf(end, options),
    release: end.release,
  };
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

/** What behaved otherwise because it was traced. */
async function tracingEffects(
  run: RunCommand,
  image: Image,
  tracer: TracerBundle,
  facts: Run,
  end: TracedEnd,
  aggregators: readonly Aggregator[],
  filtered: boolean,
): Promise<readonly string[]> {
  if (end.tracer === "sidecar") return [];
  const user = valuesOf(run.options, "user").at(-1) ?? image.user;
  const tracerIsPrivileged = /^(?:|0|root)(?::|$)/.test(user) && (facts.capabilities ?? []).includes("CAP_SYS_PTRACE");
  if (facts.noNewPrivileges === true || (tracerIsPrivileged && !filtered)) return [];
  // A setuid program that root started has lost nothing.
  const suspects = aggregators
    .flatMap((aggregator) => aggregator.executed())
    .filter(({ asRoot, asUser }) => asUser || !asRoot);
  const setuid = await setuidPrograms(run, tracer, [...new Set(suspects.map(({ path }) => path))]);
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
function healthOf(sides: readonly SideProcess[], end: TracedEnd): "none" | "seen" | "missed" {
  const check = sides.find(({ label }) => label === "HEALTHCHECK");
  if (check === undefined) return "none";
  return end.sidesSeen.has(check.label) ? "seen" : "missed";
}

/** Why the trace is not the whole of it. */
function troubleOf(end: TracedEnd, options: RecordOptions): SeccompGenError | undefined {
  if (end.broken !== undefined) return new SeccompGenError({ code: "trace-broken", detail: end.broken });
  if (
    options.while === undefined ||
    end.by === "stop-after" ||
    end.by === "stable" ||
    end.by === "interrupt" ||
    end.whileExitCode === 0
  )
    return undefined;
  return new SeccompGenError({
    code: "while-failed",
    exitCode: end.whileExitCode,
    containerExitCode: end.by === "itself" ? end.exitCode : undefined,
  });
}

/**
 * strace, or the holder, says first what the runtime would have said: then the exit code is the
 * runtime's too (docker run reference: 127 not found, 126 not executable).
 */
function notStarted(end: TracedEnd): SeccompGenError {
  const said = end.stderrTail.trim().split("\n").slice(-3).join("\n");
  const missing = /^(?:\S*strace: (?:Can't stat|exec:?) |seccomp-gen: ).*$/m
    .exec(said)?.[0]
    .replace(/^\S*(?:strace|seccomp-gen): /, "");
  const exitCode = missing === undefined ? end.exitCode : /No such file/.test(missing) ? 127 : 126;
  return new SeccompGenError({ code: "workload-not-started", detail: missing ?? said }, { exitCode });
}
