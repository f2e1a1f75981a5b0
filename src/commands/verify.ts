import { arch as machine } from "node:os";
import { basename } from "node:path";
import type { Run } from "../core/recording/index.ts";
import { firstDifference } from "../run/container/index.ts";
import { clientCommand, member, textOf, withSeccomp, type HeldContainer } from "../run/gateway/index.ts";
import { heardBy, specFacts } from "../run/session/index.ts";
import {
  allowedNames,
  defaultAllowing,
  loadVersion,
  readRecording,
  recordingBeside,
  nameFromImage,
  readText,
  type Terminal,
} from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { isOldRunc, missingFloor } from "../core/policy/index.ts";
import { noFilterText, readProfile, resolve, resolveFor, type HostContext } from "../core/profile/index.ts";
import { hardenedCommand, renderDiagnosis, renderHardening, renderVerdict, unseenFilterText } from "../words/index.ts";
import { compareVersions, defaultCapabilities, nativeArch } from "../core/tables/index.ts";
import {
  diagnose,
  harden,
  runUnder,
  type Diagnosis,
  type Proof,
  type Ran,
  type Verdict,
  type Workload,
} from "../run/verifier/index.ts";
import { acceptAdditions, adviceFor } from "./accept.ts";

export interface VerifyOptions {
  readonly while: string | undefined;
  readonly exec: readonly string[];
  readonly stopAfter: number | undefined;
  /**
   * The exit code that the workload must have if it ends by itself. If it is `undefined`, the code must be 0, or the
   * same as without the profile.
   */
  readonly expectExit: number | undefined;
  readonly times: number;
  readonly compareOutput: boolean;
  /** Adds what is missing to the recording. */
  readonly accept: boolean;
  /** At most this many runs look for the reason of a failure, or for protections that the workload tolerates. */
  readonly maxRuns: number;
  /** Tries other protections in runs, to find those that the workload tolerates. */
  readonly suggestHardening: boolean;
}

export const defaultMaxRuns = 60;

/** `seccomp-gen verify PROFILE -- docker run …`: 0 if it runs under the profile, 1 if it does not, 2 for trouble. */
export async function verify(
  profile: string,
  words: readonly string[],
  options: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  if (["run", "compose"].includes(words[0] ?? "") && clientCommand([profile]).tool !== undefined) {
    throw new SeccompGenError({
      code: "usage",
      what: "verify was given no profile",
      todo: "Name it before the command: seccomp-gen verify profiles/NAME.json -- docker run …",
    });
  }
  // A broken profile is reported here, before the engine sees it.
  const { noFilter } = readProfile(await readText(profile), profile);
  if (noFilter !== undefined) {
    terminal.note(`verify ${escapeLine(`${profile}: FAILED: ${noFilterText(noFilter)}`)}`);
    return 1;
  }
  return verifyWorkload(workloadOf(profile, words), profile, options, terminal);
}

/** For `docker run`, its container. For other commands, the containers with the profile's name. */
function workloadOf(profile: string, words: readonly string[]): Workload {
  const command = clientCommand(words);
  if (command.tool === undefined) {
    throw new SeccompGenError({
      code: "usage",
      what: "verify needs a container, because a Docker profile cannot be applied to a program of this host",
      todo: `Run it in a container: seccomp-gen verify ${profile} -- docker run …`,
    });
  }
  const own = basename(profile).replace(/\.json$/, "");
  return { command, isMeant: (name) => command.tool?.verb === "run" || name === own };
}

/**
 * Runs the workload under its profile `times` times, or until a run fails, and reports the result. Resolves to the exit
 * code.
 */
export async function verifyWorkload(
  workload: Workload,
  profile: string,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  const text = await readText(profile);
  const proof: Proof = {
    exercise: {
      while: options.while,
      stopAfter: options.stopAfter,
      ...heardBy(terminal),
      streams: options.compareOutput ? "sampled" : "shown",
    },
    execs: options.exec,
    expectExit: options.expectExit ?? 0,
  };
  let place: Place | undefined;
  const bare = async (): Promise<Verdict> => {
    const without = await filterWithout(text, profile, place);
    const exercise = { ...proof.exercise, streams: "kept" } as const;
    return (await runUnder(workload, (spec) => withSeccomp(spec, without), { ...proof, exercise })).verdict;
  };
  let baseline: Verdict | undefined;
  if (options.compareOutput) {
    terminal.note("running the workload without the profile, for comparison");
    baseline = await bare();
  }
  let verdict: Verdict = { kind: "interrupted" };
  let sawFilter = false;
  for (let time = 1; time <= options.times; time += 1) {
    terminal.note(
      `running the workload under ${escapeLine(profile)}${options.times > 1 ? ` (${time} of ${options.times})` : ""}`,
    );
    const ran = await runUnder(workload, (spec) => withSeccomp(spec, text), proof);
    verdict = ran.verdict;
    sawFilter ||= ran.sawFilter;
    place = placeOf(ran) ?? place;
    if (verdict.kind === "wrong-exit" && options.expectExit === undefined) {
      baseline ??= await bare();
      if (baseline.kind === "wrong-exit" && baseline.exitCode === verdict.exitCode) {
        terminal.note(
          `the workload ended with exit code ${verdict.exitCode ?? "unknown"}, the same as without the profile`,
        );
        verdict = { kind: "passed", exitCode: verdict.exitCode };
        continue;
      }
      if (baseline.kind === "wrong-exit") verdict = { ...verdict, expected: baseline.exitCode ?? 0 };
    }
    if (verdict.kind === "passed" && baseline?.kind === "passed")
      verdict = await compareOutput(baseline, verdict, bare, terminal);
    if (verdict.kind !== "passed") break;
  }
  if (place === undefined && verdict.kind !== "interrupted") throw nothingVerified(profile);
  terminal.note(`verify ${escapeLine(profile)}: ${renderVerdict(verdict).replaceAll("\n", "\n  ")}`);
  if (verdict.kind === "interrupted" || place === undefined) return 2;
  if (verdict.kind === "passed") {
    if (!sawFilter) terminal.note(unseenFilterText([]));
    warnOfOtherRuntimes(place, text, profile, terminal);
    const expectExit = verdict.exitCode ?? proof.expectExit;
    return options.suggestHardening
      ? suggestHardening(workload, place, { text, given: profile }, { ...proof, expectExit }, options, terminal)
      : 0;
  }
  const expected = verdict.kind === "wrong-exit" ? { ...proof, expectExit: verdict.expected } : proof;
  const known = verdict.kind === "wrong-exit" ? passedBaseline(baseline, verdict.expected) : undefined;
  return explain({ workload, place, profile, options, proof: expected, verdict, baseline: known }, terminal);
}

/** The command created no container for the profile. Its own words are on stderr already. */
function nothingVerified(profile: string): SeccompGenError {
  return new SeccompGenError({
    code: "usage",
    what: `the command started no container for ${escapeLine(profile)}`,
    todo:
      "With docker run, a profile applies to its container. Otherwise it applies to the service or image " +
      "that it is named after: profiles/SERVICE.json.",
  });
}

/** The verdict of the run without the profile, if that run ended as expected. */
function passedBaseline(baseline: Verdict | undefined, expected: number): Verdict | undefined {
  if (baseline?.kind === "wrong-exit" && baseline.exitCode === expected) return { kind: "passed", exitCode: expected };
  return baseline?.kind === "passed" ? baseline : undefined;
}

/**
 * Compares the output with the output without the profile. If two runs without the profile differ, the outputs cannot
 * be compared.
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
  terminal.note("the output was not compared, because it also differs between two runs without the profile");
  return after;
}

/** Finds other protections that the workload tolerates, and prints the command. 0, or 2 if interrupted. */
async function suggestHardening(
  workload: Workload,
  { container, engine }: Place,
  profile: { readonly text: string; readonly given: string },
  proof: Proof,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  const { spec, image } = container;
  const hardening = await harden({ workload, spec, image, engine, profile, proof, maxRuns: options.maxRuns });
  if (hardening === undefined) {
    terminal.note("interrupted, so there is no suggestion");
    return 2;
  }
  terminal.note(renderHardening(hardening));
  terminal.out(
    hardenedCommand(hardening, {
      name: nameFromImage(image.reference),
      image: image.reference,
      profile: /^[./]/.test(profile.given) ? profile.given : `./${profile.given}`,
    }),
  );
  return 0;
}

interface Failure {
  readonly workload: Workload;
  readonly place: Place;
  readonly profile: string;
  readonly options: VerifyOptions;
  readonly proof: Proof;
  readonly verdict: Verdict;
  readonly baseline: Verdict | undefined;
}

/**
 * Finds the cause, and reports it with the remedy. With --accept, applies the remedy at once. Resolves to 1 if the
 * workload does not run under this profile, and to 2 if interrupted. Resolves to 0 if the workload runs under the
 * profile that --accept made.
 */
async function explain(
  { workload, place, profile, options, proof, verdict, baseline }: Failure,
  terminal: Terminal,
): Promise<number> {
  if (verdict.kind === "no-filter") {
    terminal.note("next: check the command for --security-opt and --privileged, and the engine's configuration");
    return 1;
  }
  if (options.maxRuns === 0 || verdict.kind === "output-differs" || verdict.kind === "passed") {
    terminal.note(
      verdict.kind === "output-differs"
        ? "next: look at what the program does there; seccomp-gen check PROFILE TRACES lists the recorded calls " +
            "that the profile denies"
        : "next: run verify with the default --max-runs and without --accept; it finds out why",
    );
    return 1;
  }
  const { engine, facts, host } = place;
  const reference = await loadVersion(engine.tool === "docker" ? engine.version : undefined);
  const document = readProfile(await readText(profile), profile);
  const diagnosis: Diagnosis = await diagnose({
    workload,
    host,
    profile: document,
    ceiling: resolveFor(reference.profile, [host]),
    proof,
    anyExit: options.expectExit === undefined,
    verdict,
    facts,
    maxRuns: options.maxRuns,
    reached: await reachedBy(profile),
    without: await filterWithout(await readText(profile), profile, place),
    baseline,
  });
  terminal.note(renderDiagnosis(diagnosis).replaceAll("\n", "\n  "));
  if (diagnosis.kind === "interrupted") return 2;
  if (options.accept && diagnosis.kind === "explained") {
    await acceptAdditions(profile, diagnosis.additions, facts, terminal);
    // A second search would find the same.
    return verifyWorkload(workload, profile, { ...options, accept: false, maxRuns: 0 }, terminal);
  }
  terminal.note(`next: ${escapeLine(await adviceFor(diagnosis, profile))}`);
  return 1;
}

/** Calls that the programs' code can make, according to the profile's recording. */
async function reachedBy(profile: string): Promise<ReadonlySet<string>> {
  const recording = await readRecording(recordingBeside(profile)).catch(() => undefined);
  return new Set(Object.values(recording?.code?.calls ?? {}).flatMap((calls) => Object.keys(calls)));
}

/**
 * The filter of the runs "without the profile". It is Docker's default plus the calls that the profile allows beyond
 * it. A program that needs one of these calls would fail under the default alone.
 */
async function filterWithout(text: string, profile: string, place: Place | undefined): Promise<string | undefined> {
  const host: HostContext = place?.host ?? {
    arch: nativeArch(machine()) ?? "SCMP_ARCH_X86_64",
    capabilities: new Set(defaultCapabilities),
    kernel: undefined,
    runtime: "runc",
  };
  const version = place?.engine.tool === "docker" ? place.engine.version : undefined;
  const filter = resolve(readProfile(text, profile), host).filters.get(host.arch);
  return filter === undefined ? undefined : defaultAllowing(allowedNames(filter), version, host);
}

interface Place {
  readonly container: HeldContainer;
  readonly engine: Ran["engine"];
  /** The run's facts, as a recording would have them. */
  readonly facts: Run;
  readonly host: HostContext;
}

/** The place of a run: the engine and the runtime that read the profile. */
export function placeOf({ container, engine }: Ran): Place | undefined {
  if (container === undefined) return undefined;
  const end = { exitCode: undefined, stopped: true, strace: undefined };
  const facts = specFacts(container.spec, container.image, engine, undefined, end, "verify");
  const runtime = textOf(member(member(container.spec, "HostConfig"), "Runtime")) || engine.defaultRuntime || "runc";
  const arch = nativeArch(engine.architecture);
  if (arch === undefined) {
    throw new SeccompGenError({ code: "architecture", detail: `the engine runs on ${engine.architecture}` });
  }
  const host: HostContext = {
    arch,
    capabilities: new Set(facts.capabilities ?? defaultCapabilities),
    kernel: facts.versions.kernel,
    runtime: runtime.includes("crun") ? "crun" : "runc",
    ignoresDefaultErrnoRet: engine.tool === "docker" && compareVersions(engine.version, "23.0.0") < 0,
    refusesDefaultsAnswer: isOldRunc(facts.versions.runtime),
  };
  return { container, engine, facts, host };
}

/** Warns if the profile denies a call that another version of the runtime may make before the program starts. */
function warnOfOtherRuntimes({ facts, host }: Place, text: string, profile: string, terminal: Terminal): void {
  const filter = resolve(readProfile(text, profile), host).filters.get(host.arch);
  const needs = { noNewPrivileges: facts.noNewPrivileges === true, init: facts.init === true };
  const missing = filter === undefined ? [] : missingFloor(filter, needs);
  if (missing.length > 0)
    terminal.note(
      "the container starts here, but may not start under another runtime or version: the profile denies " +
        `${missing.join(", ")}, which some versions of runc or crun call before the program runs`,
    );
}
