import { resolve as absolutePath } from "node:path";
import type { Run } from "../core/recording/index.ts";
import {
  containerCliIndex,
  firstDifference,
  inspectEngine,
  inspectImage,
  openService,
  parseComposeCommand,
  parseRunCommand,
  sideProcesses,
  valuesOf,
  type ComposeCommand,
  type Engine,
  type Image,
  type RunCommand,
} from "../run/container/index.ts";
import { loadVersion, nameFromImage, readText, resolveFor, type Terminal } from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { missingFloor } from "../core/policy/index.ts";
import { noFilterText, readProfile, resolve, type HostContext } from "../core/profile/index.ts";
import { architectureOf, runFacts } from "../run/recorder/index.ts";
import { hardenedCommand, renderDiagnosis, renderHardening, renderVerdict } from "../words/index.ts";
import { compareVersions, defaultCapabilities } from "../core/tables/index.ts";
import { diagnose, harden, runUnder, type Diagnosis, type Proof, type Verdict } from "../run/verifier/index.ts";
import { acceptAdditions, adviceFor } from "./accept.ts";

export interface VerifyOptions {
  readonly while: string | undefined;
  readonly exec: readonly string[];
  readonly stopAfter: number | undefined;
  /**
   * Exit code that a workload must have that ends by itself. `undefined` means 0, or the one it has
   * without the profile.
   */
  readonly expectExit: number | undefined;
  readonly times: number;
  readonly compareOutput: boolean;
  /** Adds what is missing to the recording. */
  readonly accept: boolean;
  /** At most this many runs find out why it fails, or which protection it tolerates. */
  readonly maxRuns: number;
  /** Finds out by running it which protection beside seccomp it tolerates. */
  readonly suggestHardening: boolean;
}

export const defaultMaxRuns = 60;

/**
 * `seccomp-gen verify PROFILE -- docker run …`. Resolves to 0 if the workload runs under the
 * profile, 1 if it does not, 2 for trouble.
 */
export async function verify(
  profile: string,
  words: readonly string[],
  options: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  if (containerCliIndex([profile, ...words]) === 0 && words[0] === "run") {
    throw new SeccompGenError({
      code: "usage",
      what: "verify was given no profile",
      todo: "Name it before the command: seccomp-gen verify profiles/NAME.json -- docker run …",
    });
  }
  // A broken profile is our message, not the engine's.
  const { noFilter } = readProfile(await readText(profile), profile);
  if (noFilter !== undefined) {
    terminal.note(`verify ${escapeLine(`${profile}: FAILED: ${noFilterText(noFilter)}`)}`);
    return 1;
  }
  const compose = await parseComposeCommand(words);
  if (compose !== undefined) return verifyService(compose, profile, options, terminal);
  const run = await parseRunCommand(words);
  if (run === undefined) {
    throw new SeccompGenError({
      code: "usage",
      what: "verify needs a container: a Docker profile cannot be put on a program of this host",
      todo: `seccomp-gen verify ${profile} -- docker run …`,
    });
  }
  return verifyContainer(run, profile, options, terminal);
}

/**
 * Verifies one service of a Compose project. The services that it needs are up meanwhile, under
 * their own rules.
 */
async function verifyService(
  compose: ComposeCommand,
  profile: string,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  const [service = "", another] = compose.services;
  if (another !== undefined)
    throw new SeccompGenError({
      code: "usage",
      what: "a profile is verified with one service",
      todo: `seccomp-gen verify ${profile} -- docker compose up SERVICE`,
    });
  const { words, close } = await openService(compose, service, (line) => terminal.note(escapeLine(line)));
  try {
    return await verify(profile, words, options, terminal);
  } finally {
    await close();
  }
}

/**
 * Runs the workload under its profile, `times` times or until one run fails, and says what was
 * found. Resolves to the exit code.
 */
export async function verifyContainer(
  run: RunCommand,
  profile: string,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  const image = await inspectImage(run, terminal.note);
  const proof: Proof = {
    exercise: {
      while: options.while,
      stopAfter: options.stopAfter,
      interrupted: terminal.interrupted,
      notice: terminal.note,
    },
    sides: sideProcesses(run, image, options.exec),
    expectExit: options.expectExit ?? 0,
  };
  const bare = (): Promise<Verdict> =>
    runUnder(run, undefined, { ...proof, exercise: { ...proof.exercise, streams: "kept" } });
  let baseline: Verdict | undefined;
  if (options.compareOutput) {
    terminal.note("running the workload without the profile, for comparison");
    baseline = await bare();
  }
  let verdict: Verdict = { kind: "interrupted" };
  for (let time = 1; time <= options.times; time += 1) {
    terminal.note(
      `running the workload under ${escapeLine(profile)}${options.times > 1 ? ` (${time} of ${options.times})` : ""}`,
    );
    verdict = await runUnder(
      run,
      absolutePath(profile),
      options.compareOutput ? { ...proof, exercise: { ...proof.exercise, streams: "sampled" } } : proof,
    );
    if (verdict.kind === "wrong-exit" && options.expectExit === undefined) {
      baseline ??= await bare();
      if (baseline.kind === "wrong-exit" && baseline.exitCode === verdict.exitCode) {
        terminal.note(`it ends with exit code ${verdict.exitCode ?? "unknown"}, as without the profile`);
        verdict = { kind: "passed", exitCode: verdict.exitCode };
        continue;
      }
      if (baseline.kind === "wrong-exit") verdict = { ...verdict, expected: baseline.exitCode ?? 0 };
    }
    if (verdict.kind === "passed" && baseline?.kind === "passed")
      verdict = await compareOutput(baseline, verdict, bare, terminal);
    if (verdict.kind !== "passed") break;
  }
  terminal.note(`verify ${escapeLine(profile)}: ${renderVerdict(verdict).replaceAll("\n", "\n  ")}`);
  if (verdict.kind === "passed") {
    await warnOfOtherRuntimes(run, image, profile, terminal);
    return options.suggestHardening
      ? suggestHardening(
          run,
          image,
          profile,
          { ...proof, expectExit: verdict.exitCode ?? proof.expectExit },
          options,
          terminal,
        )
      : 0;
  }
  if (verdict.kind === "interrupted") return 2;
  const expected = verdict.kind === "wrong-exit" ? { ...proof, expectExit: verdict.expected } : proof;
  return explain(
    {
      run,
      profile,
      options,
      proof: expected,
      image,
      verdict,
      baseline: verdict.kind === "wrong-exit" ? passedBaseline(baseline, verdict.expected) : undefined,
    },
    terminal,
  );
}

/** A run without the profile that ended as expected, as a baseline. */
function passedBaseline(baseline: Verdict | undefined, expected: number): Verdict | undefined {
  if (baseline?.kind === "wrong-exit" && baseline.exitCode === expected) return { kind: "passed", exitCode: expected };
  return baseline?.kind === "passed" ? baseline : undefined;
}

/**
 * Compares the output with the one without the profile, unless that differs from run to run.
 */
async function compareOutput(
  before: Verdict & { kind: "passed" },
  after: Verdict & { kind: "passed" },
  bare: () => Promise<Verdict>,
  terminal: Terminal,
): Promise<Verdict> {
  if (before.stdout === undefined || after.stdout === undefined) return after;
  const difference = firstDifference(before.stdout, after.stdout);
  if (difference === undefined) return after;
  const again = await bare();
  if (
    again.kind === "passed" &&
    again.stdout !== undefined &&
    firstDifference(before.stdout, again.stdout) === undefined
  )
    return { kind: "output-differs", ...difference };
  terminal.note("the output differs between two runs without the profile too; it was not compared");
  return after;
}

/** Says what else protects it, and prints the command. Resolves to 2 if interrupted, else 0. */
async function suggestHardening(
  run: RunCommand,
  image: Image,
  profile: string,
  proof: Proof,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  const engine = await inspectEngine(run.cli);
  const hardening = await harden({
    run,
    image,
    engine,
    profile: { path: absolutePath(profile), given: profile },
    proof,
    maxRuns: options.maxRuns,
  });
  if (hardening === undefined) {
    terminal.note("interrupted: no suggestion");
    return 2;
  }
  terminal.note(renderHardening(hardening));
  terminal.out(
    hardenedCommand(hardening, {
      name: nameFromImage(run.image),
      image: run.image,
      profile: /^[./]/.test(profile) ? profile : `./${profile}`,
    }),
  );
  return 0;
}

interface Failure {
  readonly run: RunCommand;
  readonly profile: string;
  readonly options: VerifyOptions;
  readonly proof: Proof;
  readonly image: Image;
  readonly verdict: Verdict;
  readonly baseline: Verdict | undefined;
}

/**
 * Finds out why the workload fails, says what to do, and does it with --accept. Resolves to 0 if
 * the workload runs under the profile that was made now, to 1 if there is none.
 */
async function explain(
  { run, profile, options, proof, image, verdict, baseline }: Failure,
  terminal: Terminal,
): Promise<number> {
  if (verdict.kind === "no-filter") {
    terminal.note(
      "next: look at --security-opt and --privileged of the command, and at the engine's own configuration",
    );
    return 1;
  }
  if (options.maxRuns === 0 || verdict.kind === "output-differs" || verdict.kind === "passed") {
    terminal.note(
      verdict.kind === "output-differs"
        ? "next: look at what the program does there; check PROFILE TRACES says which recorded calls the " +
            "profile denies"
        : "next: verify with the default of --max-runs, and without --accept, finds out why",
    );
    return 1;
  }
  const { engine, facts, host } = await whereItRuns(run, image);
  const reference = await loadVersion(run.cli.tool === "docker" ? engine.version : undefined);
  const document = readProfile(await readText(profile), profile);
  const diagnosis: Diagnosis = await diagnose({
    run,
    image,
    engine,
    host,
    profile: document,
    ceiling: resolveFor(reference.profile, [host]),
    proof,
    anyExit: options.expectExit === undefined,
    verdict,
    facts,
    maxRuns: options.maxRuns,
    baseline,
  });
  terminal.note(renderDiagnosis(diagnosis).replaceAll("\n", "\n  "));
  if (diagnosis.kind === "interrupted") return 2;
  if (options.accept && diagnosis.kind === "explained") {
    await acceptAdditions(profile, diagnosis.additions, facts, terminal);
    // Another search would find the same.
    return verifyContainer(run, profile, { ...options, accept: false, maxRuns: 0 }, terminal);
  }
  terminal.note(`next: ${escapeLine(await adviceFor(diagnosis, profile))}`);
  return 1;
}

interface Place {
  readonly engine: Engine;
  /** The run, as a recording would state it. */
  readonly facts: Run;
  readonly host: HostContext;
}

/** The host by whose rules a profile is read. */
async function whereItRuns(run: RunCommand, image: Image): Promise<Place> {
  const engine = await inspectEngine(run.cli);
  const facts = runFacts(run, image, engine, { strace: undefined, ended: "stopped" }, "verify");
  const runtime = valuesOf(run.options, "runtime").at(-1) ?? engine.defaultRuntime ?? "runc";
  const host: HostContext = {
    arch: architectureOf(engine, image),
    capabilities: new Set(facts.capabilities ?? defaultCapabilities),
    kernel: facts.versions.kernel,
    runtime: runtime.includes("crun") ? "crun" : "runc",
    ignoresDefaultErrnoRet: run.cli.tool === "docker" && compareVersions(engine.version, "23.0.0") < 0,
  };
  return { engine, facts, host };
}

/** Warns if another version of the runtime may need a call that the profile denies. */
async function warnOfOtherRuntimes(run: RunCommand, image: Image, profile: string, terminal: Terminal): Promise<void> {
  const { facts, host } = await whereItRuns(run, image);
  const filter = resolve(readProfile(await readText(profile), profile), host).filters.get(host.arch);
  const missing =
    filter === undefined
      ? []
      : missingFloor(filter, { noNewPrivileges: facts.noNewPrivileges === true, init: facts.init === true });
  if (missing.length > 0)
    terminal.note(
      "it starts here, but may not under another runtime or version: the profile denies " +
        `${missing.join(", ")}, which some runc or crun calls before the program runs`,
    );
}
