import { realpath } from "node:fs/promises";
import { basename, normalize } from "node:path";
import { stringifyRecording } from "../core/recording/index.ts";
import {
  archOf,
  checkName,
  derive,
  policyOf,
  profileFor,
  readIfPresent,
  storePolicy,
  writeAtomically,
  type PolicyArguments,
  type Terminal,
} from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { readTraces, tracePaths, type InputContext } from "../logs/index.ts";
import { renderSummary } from "../words/index.ts";
import { warnOfNoFilter } from "./no-filter.ts";

export interface GenerateOptions extends PolicyArguments {
  readonly output: string | undefined;
  readonly name: string | undefined;
  /** Architecture of raw logs, as uname, Docker or libseccomp call it. */
  readonly arch: string | undefined;
  /** The file system of the programs in raw logs. */
  readonly root?: string | undefined;
  /** Regenerates every kept recording's profile, with its stored options. */
  readonly all: boolean;
  /** Compares with the file instead of writing it. */
  readonly check: boolean;
  /** Judges git's index, not the working tree. */
  readonly staged?: boolean;
}

/**
 * `seccomp-gen generate`: makes a profile from recordings and raw strace logs, on stdout or in a file. Resolves to 0.
 * With --check, resolves to 1 if the file differs.
 */
export async function generate(
  patterns: readonly string[],
  options: GenerateOptions,
  terminal: Terminal,
): Promise<number> {
  if (options.all !== (patterns.length === 0))
    throw new SeccompGenError({
      code: "usage",
      what: options.all ? "--all takes no traces" : "no trace given",
      todo: "seccomp-gen generate TRACES… -o profiles/app.json, or seccomp-gen generate --all",
    });
  if (options.staged === true && !(options.all && options.check))
    throw new SeccompGenError({
      code: "usage",
      what: "--staged only checks",
      todo: "seccomp-gen generate --all --check --staged",
    });
  if (options.all) {
    const { checkAll, regenerateAll } = await import("./regenerate.ts");
    return options.check ? checkAll(options.staged === true, terminal) : regenerateAll(terminal);
  }
  if (!options.check) await keepTraces(patterns, options.output);
  const recording = await readTraces(patterns, contextOf(options), terminal);
  const derivation = await derive(recording, options);
  if (options.check) return compareWithFile(options.output, derivation.profile, terminal);
  const summary = renderSummary({
    ...derivation,
    diff: derivation.counts(),
    mode: options.mode,
    recording,
    paths: { profile: options.output },
    rerun: { words: "-- docker run …", takesProfile: true, isCompose: false },
    unparsed: 0,
    missed: [],
    verified: false,
  });
  if (options.output === undefined) {
    terminal.out(derivation.profile);
  } else {
    await writeAtomically(options.output, derivation.profile);
    const [only, ...others] = patterns;
    if (only !== undefined && others.length === 0 && basename(only) === "recording.json")
      await keepPolicy(only, options.output, options);
  }
  terminal.note(summary);
  return 0;
}

/** Throws if the profile would replace a file that it is made from. */
async function keepTraces(patterns: readonly string[], output: string | undefined): Promise<void> {
  const there = output === undefined ? undefined : await realpath(output).catch(() => undefined);
  if (output === undefined || there === undefined) return;
  const traces = (await tracePaths(patterns)).filter((path) => path !== "-");
  if (!(await Promise.all(traces.map((path) => realpath(path).catch(() => path)))).includes(there)) return;
  throw new SeccompGenError({
    code: "usage",
    what: `${output} is one of the traces, and the profile would replace it`,
    todo: "Name another file: -o profiles/app.json",
  });
}

/** Stores the profile's options beside the recording, if the profile belongs to a kept recording. */
async function keepPolicy(recording: string, output: string, options: PolicyArguments): Promise<void> {
  if (normalize(output) === profileFor(normalize(recording))) await storePolicy(recording, policyOf(options));
}

async function compareWithFile(path: string | undefined, profile: string, terminal: Terminal): Promise<number> {
  if (path === undefined)
    throw new SeccompGenError({
      code: "usage",
      what: "--check needs a file",
      todo:
        "Name the profile: seccomp-gen generate TRACES… -o profiles/app.json --check, or check them all: " +
        "seccomp-gen generate --all --check",
    });
  const there = await readIfPresent(path);
  const same = there?.replaceAll("\r\n", "\n") === profile;
  if (there !== undefined) warnOfNoFilter(there, path, terminal);
  terminal.note(
    same
      ? `${path} is up to date`
      : `${path} does not match these traces: it was edited, or it is older than the traces or this ` + "seccomp-gen",
  );
  return same ? 0 : 1;
}

/** `seccomp-gen merge`: makes one recording from recordings and raw logs. */
export async function merge(
  patterns: readonly string[],
  options: Pick<GenerateOptions, "output" | "name" | "arch">,
  terminal: Terminal,
): Promise<number> {
  const text = stringifyRecording(await readTraces(patterns, contextOf(options), terminal));
  if (options.output === undefined) terminal.out(text);
  else await writeAtomically(options.output, text);
  return 0;
}

function contextOf(options: Pick<GenerateOptions, "output" | "name" | "arch" | "root">): InputContext {
  return {
    name: checkName(
      options.name ?? (options.output === undefined ? "app" : basename(options.output).replace(/\.json$/, "")),
    ),
    arch: archOf(options.arch),
    root: options.root,
    forLogs: (["name", "arch", "root"] as const)
      .filter((name) => options[name] !== undefined)
      .map((name) => `--${name}`),
  };
}
