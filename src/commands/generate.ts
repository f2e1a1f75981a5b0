import { basename } from "node:path";
import { stringifyRecording } from "../aggregator/index.ts";
import { renderSummary } from "../review/summary.ts";
import type { ScmpArch } from "../tables/types.ts";
import { derive } from "./derivation.ts";
import type { PolicyArguments } from "./derivation.ts";
import { writeAtomically } from "./files.ts";
import { archOf } from "./host.ts";
import { readTraces } from "./inputs.ts";
import { checkName } from "./names.ts";
import type { Terminal } from "./terminal.ts";

export interface GenerateOptions extends PolicyArguments {
  readonly output: string | undefined;
  readonly name: string | undefined;
  /** Architecture of raw logs, as uname, Docker or libseccomp call it. */
  readonly arch: string | undefined;
}

/** `seccomp-gen generate`: recordings and raw strace logs → a profile, on stdout or in a file. */
export async function generate(patterns: readonly string[], options: GenerateOptions, terminal: Terminal): Promise<number> {
  const recording = await readTraces(patterns, contextOf(options), terminal);
  const derivation = await derive(recording, options);
  if (options.output === undefined) {
    terminal.out(derivation.profile);
  } else {
    await writeAtomically(options.output, derivation.profile);
  }
  terminal.note(renderSummary({ ...derivation, recording, paths: { profile: options.output }, container: true, unparsed: 0, verified: false }));
  return 0;
}

/** `seccomp-gen merge`: recordings and raw logs → one recording. */
export async function merge(patterns: readonly string[], options: Pick<GenerateOptions, "output" | "name" | "arch">, terminal: Terminal): Promise<number> {
  const text = stringifyRecording(await readTraces(patterns, contextOf(options), terminal));
  if (options.output === undefined) terminal.out(text);
  else await writeAtomically(options.output, text);
  return 0;
}

function contextOf(options: Pick<GenerateOptions, "output" | "name" | "arch">): { name: string; arch: ScmpArch } {
  return { name: checkName(options.name ?? (options.output === undefined ? "app" : basename(options.output).replace(/\.json$/, ""))), arch: archOf(options.arch) };
}
