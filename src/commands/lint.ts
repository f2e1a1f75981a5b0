import { lintProfile } from "../lint/index.ts";
import { offsetOf, positionAt, readProfile } from "../profile/index.ts";
import { renderLint } from "../review/index.ts";
import { loadReference, resolveFor } from "./derivation.ts";
import { readText } from "./files.ts";
import { hostOf } from "./host.ts";
import type { HostOptions } from "./host.ts";
import type { Terminal } from "./terminal.ts";

export interface LintOptions extends HostOptions {
  readonly format: "text" | "json";
  readonly against: string | undefined;
}

/** `seccomp-gen lint PROFILES…`: 0 nothing but notes, 1 errors or warnings, 2 trouble. */
export async function lint(files: readonly string[], options: LintOptions, terminal: Terminal): Promise<number> {
  const host = hostOf(options);
  const reference = await loadReference(options.against);
  const ceiling = resolveFor(reference.profile, [host]);
  const findings = [];
  for (const file of files) {
    const text = await readText(file);
    for (const finding of lintProfile(readProfile(text, file), { host, ceiling, ceilingName: reference.name })) {
      findings.push({ ...finding, file, ...positionAt(text, offsetOf(text, finding.pointer)) });
    }
  }
  terminal.out(renderLint(findings, options.format));
  const serious = findings.filter(({ severity }) => severity !== "note").length;
  terminal.note(findings.length === 0 ? `nothing to say of ${files.length === 1 ? "this profile" : `these ${files.length} profiles`}` : `${serious} errors and warnings, ${findings.length - serious} notes`);
  return serious === 0 ? 0 : 1;
}
