import { arch as machine } from "node:os";
import { basename } from "node:path";
import { stringifyRecording } from "../aggregator/index.ts";
import { SeccompGenError } from "../errors.ts";
import { renderSummary } from "../review/summary.ts";
import { dockerArch, nativeArch } from "../tables/index.ts";
import type { ScmpArch } from "../tables/types.ts";
import { derive } from "./derivation.ts";
import type { PolicyArguments } from "./derivation.ts";
import { writeAtomically } from "./files.ts";
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

/** The architecture of raw logs: what `--arch` says, else this machine's. */
export function archOf(option: string | undefined): ScmpArch {
  const arch = nativeArch(option ?? machine());
  if (arch !== undefined) return arch;
  const known = (["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390X", "SCMP_ARCH_PPC64LE"] as const).map(dockerArch);
  throw new SeccompGenError({ code: "usage", what: `unknown architecture ${option ?? machine()}`, todo: `Say on which machine the log was made with --arch: ${known.join(", ")}` });
}
