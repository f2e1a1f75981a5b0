import { checkRecording } from "../check/index.ts";
import { hostsOf } from "../derivation/derivation.ts";
import { archOf } from "../derivation/host.ts";
import { resolveFor } from "../derivation/reference.ts";
import { SeccompGenError } from "../errors.ts";
import { readProfile } from "../profile/index.ts";
import { readText } from "../project/files.ts";
import { mayBeJson, readTraces } from "../project/inputs.ts";
import { renderCheck } from "../review/index.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface CheckOptions {
  readonly format: "text" | "json";
  /** Architecture of raw logs. */
  readonly arch: string | undefined;
}

/** `seccomp-gen check PROFILE TRACES…`: 0 the profile allows what was recorded, 1 it would deny some of it, 2 trouble. Nothing is run. */
export async function check(profile: string, patterns: readonly string[], options: CheckOptions, terminal: Terminal): Promise<number> {
  if (!mayBeJson(profile)) throw new SeccompGenError({ code: "usage", what: `${profile} is no JSON document, and the profile comes first`, todo: "seccomp-gen check PROFILE TRACES…" });
  const document = readProfile(await readText(profile), profile);
  const recording = await readTraces(patterns, { name: "check", arch: archOf(options.arch) }, terminal);
  const findings = checkRecording(recording, resolveFor(document, hostsOf(recording)));
  terminal.out(renderCheck(findings, { format: options.format, profile }));
  return findings.some(({ kind }) => kind === "denied") ? 1 : 0;
}
