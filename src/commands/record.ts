import { basename } from "node:path";
import {
  openService,
  parseComposeCommand,
  parseRunCommand,
  type ComposeCommand,
  type RunCommand,
} from "../run/container/index.ts";
import { checkName, knownBefore, nameFromImage, partialPath, type Terminal } from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { recordContainer, recordHost, recordRounds, type RecordOptions, type Recorded } from "../run/recorder/index.ts";
import { clientCommand } from "../run/gateway/index.ts";
import { renderSummary } from "../words/index.ts";
import type { Untraced } from "../run/tracer/index.ts";
import { keepRecording, placesOf, thenRelease } from "./keep.ts";
import { recordEach, recordsContainers, type EachOptions } from "./record-containers.ts";
import { defaultMaxRuns, verifyContainer } from "./verify.ts";

/** `seccomp-gen record`: trace → recording → profile → summary. Resolves to the exit code. */
export async function record(
  words: readonly string[],
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): Promise<number> {
  if (recordsContainers(options)) return recordEach(clientCommand(words), options, terminal);
  const compose = await parseComposeCommand(words);
  return compose === undefined ? recordOne(words, options, terminal) : recordServices(compose, options, terminal);
}

/**
 * One recording for each service, one after the other: while one is traced, the others are up.
 * Resolves to the first exit code that is not 0.
 */
async function recordServices(compose: ComposeCommand, options: RecordOptions, terminal: Terminal): Promise<number> {
  if (options.name !== undefined && compose.services.length > 1) {
    throw new SeccompGenError({
      code: "usage",
      what: `--name is for one recording, and ${compose.services.length} services are recorded`,
      todo: "Leave it out: each recording is named after its service.",
    });
  }
  let first = 0;
  for (const service of compose.services) {
    if (terminal.interrupted.aborted) return first || 2;
    const { words, startOthers, close } = await openService(compose, service, (line) =>
      terminal.note(escapeLine(line)),
    );
    try {
      const exercise =
        startOthers === undefined || options.while === undefined
          ? options.while
          : `${startOthers} && { ${options.while}\n}`;
      const exitCode = await recordOne(words, { ...options, name: options.name ?? service, while: exercise }, terminal);
      first ||= exitCode;
    } finally {
      await close();
    }
  }
  return first;
}

async function recordOne(words: readonly string[], options: RecordOptions, terminal: Terminal): Promise<number> {
  const run = await parseRunCommand(words);
  const name = checkName(options.name ?? (run === undefined ? basename(words[0] ?? "") : nameFromImage(run.image)));
  const paths = await placesOf(name);
  const before = await knownBefore(paths.recording, options.append);

  const once = (untraced: Untraced): Promise<Recorded> =>
    run === undefined
      ? recordHost(name, words, options, untraced, terminal)
      : recordContainer(name, run, options, untraced, terminal);
  const { fresh, last, unparsed, missed, release } = await recordRounds(
    name,
    options.append ? before : undefined,
    options,
    once,
    terminal,
  );
  const { recording, derivation } = await thenRelease(
    keepRecording({ name, before, recording: fresh, trouble: last.trouble }, options, terminal),
    release,
    () =>
      terminal.note(
        `what was traced is still ${run === undefined ? "in the temporary folder" : "on the engine"}: ` +
          `seccomp-gen clean takes it into ${partialPath(paths.recording)}`,
      ),
  );
  terminal.note(
    renderSummary({
      ...derivation,
      diff: derivation.counts(),
      mode: options.mode,
      recording,
      paths,
      unparsed,
      missed,
      container: run !== undefined,
      verified: options.verify,
    }),
  );
  const exitCode = last.stoppedByUs ? 0 : (last.exitCode ?? 0);
  if (!options.verify) return exitCode;
  const verdictCode = await verifyRecorded(run, paths.profile, options, last, terminal);
  return verdictCode === 0 ? exitCode : verdictCode;
}

async function verifyRecorded(
  run: RunCommand | undefined,
  profile: string,
  options: RecordOptions,
  recorded: Recorded,
  terminal: Terminal,
): Promise<number> {
  if (run === undefined) {
    terminal.note(
      "--verify: a program on this host cannot be run under a Docker profile; run it in a container to verify",
    );
    return 0;
  }
  const expectExit = recorded.stoppedByUs ? undefined : recorded.exitCode;
  return verifyContainer(
    run,
    profile,
    {
      ...options,
      stopAfter: options.stopAfter ?? (options.while === undefined ? options.untilStable : undefined),
      expectExit,
      times: 1,
      compareOutput: false,
      accept: false,
      maxRuns: defaultMaxRuns,
      suggestHardening: false,
    },
    terminal,
  );
}
