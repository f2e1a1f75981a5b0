import { SeccompGenError } from "../core/errors/index.ts";
import { mergeRecordings, newCalls, type Recording } from "../core/recording/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { checkName, knownBefore, partialPath, recordingPath, type Terminal } from "../project/index.ts";
import type { ClientCommand } from "../run/gateway/index.ts";
import { recordContainers, type ContainersRecorded, type RecordOptions } from "../run/recorder/index.ts";
import { renderServices, renderSummary, renderUse, type Rerun, type ServiceRow } from "../words/index.ts";
import { keepRecording, placesOf, thenRelease, type Kept } from "./keep.ts";
import { isCompose, repeatedCommand } from "./repeated-command.ts";
import { defaultMaxRuns, verifyWorkload } from "./verify.ts";

/** Options of `record` for several containers. */
export interface EachOptions {
  readonly containers: boolean;
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly keep: boolean;
}

/** Records every container that a command starts. Resolves to the exit code. */
export async function recordEach(
  command: ClientCommand,
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): Promise<number> {
  if (options.lean || options.full) {
    terminal.note("--lean and --full are for programs of this host. In containers strace traces every call.");
  }
  // The names are not known yet, but all files will go to the same folders.
  await placesOf(checkName(options.name ?? "app"));
  return keepEach(command, await recordEachRound(command, options, terminal), options, terminal);
}

/** Writes the recordings of a command's containers. Resolves to the exit code. */
export async function keepEach(
  command: ClientCommand,
  recorded: ContainersRecorded,
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): Promise<number> {
  for (const { name, why } of recorded.leftOut) terminal.note(`not recorded: ${escapeLine(name)} (${reasons[why]})`);
  if (recorded.services.length === 0) {
    await recorded.release();
    throw nothingRecorded(command, recorded);
  }
  const { rows, failures } = await keepAll(recorded, options, terminal);
  tell(command, rows, recorded, options, terminal);
  for (const failure of failures.slice(1)) terminal.note(`error: ${failure.message}\n  ${failure.todo}`);
  const [first] = failures;
  if (first !== undefined) throw first;
  const exitCode = recorded.end.by === "itself" ? (recorded.end.exitCode ?? 0) : 0;
  if (!options.verify) return exitCode;
  const verdict = await verifyEach(command, rows, recorded, options, terminal);
  if (verdict !== 0) return verdict;
  const made = rows.map(({ name, paths }) => ({ name, profile: paths.profile }));
  terminal.note(renderUse(made, rerunOf(command, options)));
  return exitCode;
}

/** Runs the command until a round shows nothing new, but at most `--rounds` times. */
async function recordEachRound(
  command: ClientCommand,
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): Promise<ContainersRecorded> {
  let all: ContainersRecorded | undefined;
  for (let round = 1; ; round += 1) {
    if (options.rounds > 1) terminal.note(`round ${round} of at most ${options.rounds}`);
    const now = await recordContainers(command, options, terminal);
    const news = now.services.flatMap(({ name, recording }) =>
      newCalls(all?.services.find((service) => service.name === name)?.recording, recording),
    );
    if (all !== undefined)
      terminal.note(news.length === 0 ? "nothing new" : `new: ${news.map((call) => escapeLine(call)).join(", ")}`);
    all = all === undefined ? now : together(all, now);
    const isOver = round === options.rounds || news.length === 0 || terminal.interrupted.aborted;
    if (isOver || now.services.some(({ trouble }) => trouble !== undefined)) return all;
  }
}

/** Names the calls that a run shows for the first time. */
function noteNews(name: string | undefined, before: Recording | undefined, now: Recording, terminal: Terminal): void {
  const news = newCalls(before, now);
  const said = news.length === 0 ? "nothing new" : `new: ${news.map((call) => escapeLine(call)).join(", ")}`;
  terminal.note(name === undefined ? said : `${escapeLine(name)}: ${said}`);
}

/** Two rounds as one result. */
function together(before: ContainersRecorded, now: ContainersRecorded): ContainersRecorded {
  const services = new Map(before.services.map((service) => [service.name, service]));
  for (const service of now.services) {
    const earlier = services.get(service.name);
    services.set(
      service.name,
      earlier === undefined
        ? service
        : {
            ...service,
            recording: mergeRecordings(earlier.recording, service.recording),
            containers: Math.max(earlier.containers, service.containers),
            unparsed: earlier.unparsed + service.unparsed,
            missed: service.missed.filter((path) => earlier.missed.includes(path)),
          },
    );
  }
  const release = async (): Promise<void> => {
    await before.release();
    await now.release();
  };
  return { ...now, services: [...services.values()], made: before.made + now.made, release };
}

/** Runs the command again under the profiles. 0 if all containers pass. */
async function verifyEach(
  command: ClientCommand,
  rows: readonly Row[],
  { end }: ContainersRecorded,
  options: RecordOptions,
  terminal: Terminal,
): Promise<number> {
  const only = rows.length === 1;
  let worst = 0;
  for (const { name, paths } of rows) {
    const expectExit = end.by === "itself" && only ? end.exitCode : undefined;
    const code = await verifyWorkload(
      { command, isMeant: (each) => each === name || only },
      paths.profile,
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
    worst ||= code;
  }
  return worst;
}

/** On a host with Docker, a script's containers are Docker's, unless DOCKER_HOST names another engine. */
export const podmanInScript =
  "For podman in a script beside Docker, start its service first: " +
  "podman system service --time 0 unix:///tmp/podman.sock & " +
  "DOCKER_HOST=unix:///tmp/podman.sock seccomp-gen record --containers -- the script.";

const reasons: { readonly [Why in ContainersRecorded["leftOut"][number]["why"]]: string } = {
  helper: "a helper of the tool that started it",
  "not asked for": "--only or --except excludes it",
  emulated: "its image is for another architecture, so strace would see only the emulator",
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
        if (options.append && before !== undefined)
          noteNews(services.length > 1 ? name : undefined, before, recording, terminal);
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
    terminal.note(
      "the traces are still on the engine; seccomp-gen clean writes them to " +
        services.map(({ name }) => escapeLine(partialPath(recordingPath(name)))).join(", "),
    );
  await thenRelease(writing(), release, stays).catch((error: unknown) => {
    if (!(error instanceof SeccompGenError)) throw error; // it is among the failures
  });
  return { rows, failures };
}

function tell(
  command: ClientCommand,
  rows: readonly Row[],
  { services }: ContainersRecorded,
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): void {
  const [only] = rows;
  const rerun = rerunOf(command, options);
  if (services.length > 1) {
    if (rows.length > 0) terminal.note(renderServices(rows, rerun, options.verify));
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
      rerun,
      verified: options.verify,
    }),
  );
}

/** The same command for `verify`, with the same exercise. */
function rerunOf(command: ClientCommand, { while: exercise, exec, stopAfter, untilStable }: RecordOptions): Rerun {
  const seconds = stopAfter ?? (exercise === undefined ? untilStable : undefined);
  const options = [
    ...(exercise === undefined ? [] : ["--while …"]),
    ...exec.map(() => "--exec …"),
    ...(seconds === undefined ? [] : [`--stop-after ${seconds}`]),
  ];
  const { tool } = command;
  return {
    words: [...options, "--", repeatedCommand(command)].join(" "),
    takesProfile: tool !== undefined,
    isCompose: tool !== undefined && isCompose(tool.name, tool.verb),
  };
}

/** The error if no program began: the command failed, or it starts its containers in another way. */
function nothingRecorded(
  { tool, words }: ClientCommand,
  { end, leftOut, made, unknownImages, untraced }: ContainersRecorded,
): SeccompGenError {
  if (end.by === "interrupt")
    return new SeccompGenError({
      code: "usage",
      what: "interrupted before a container had started, so there is nothing to record",
      todo: "Run it again. Nothing was written.",
    });
  if (made > 0 && untraced !== undefined) return new SeccompGenError({ code: "trace-broken", detail: untraced });
  const [image] = unknownImages;
  if (made === 0 && image !== undefined && end.exitCode !== 0)
    return new SeccompGenError({ code: "no-image", image: escapeLine(image) });
  if (made > 0 || (tool !== undefined && end.exitCode !== 0)) {
    // The command's own words are on stderr already.
    return new SeccompGenError(
      { code: "workload-not-started", detail: end.stderrTail, isShown: true },
      { exitCode: end.exitCode === 0 ? undefined : end.exitCode },
    );
  }
  const program = escapeLine(words[0] ?? "the command");
  if (leftOut.length === 0 && end.exitCode !== 0 && end.by === "itself")
    return new SeccompGenError({
      code: "usage",
      what: `${program} ended with exit code ${end.exitCode ?? "unknown"} before it started a container`,
      todo:
        "Its own words are above. If it did start one, it bypassed DOCKER_HOST: --context, -H or a setting of its " +
        "own does that.",
    });
  return new SeccompGenError({
    code: "usage",
    what:
      leftOut.length > 0
        ? "no container was recorded: all were excluded"
        : `${program} started no container through DOCKER_HOST`,
    todo:
      "Check three things. It must start new containers, because exec and start of older ones are not recorded. It " +
      "must use DOCKER_HOST: --context, -H or a setting of its own bypasses it. The containers must run on this " +
      `engine: kubectl, Swarm and remote builders start them elsewhere. ${podmanInScript}`,
  });
}
