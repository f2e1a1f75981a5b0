import {
  boundedText,
  hostOf,
  layoutOf,
  loadReference,
  noteOtherMachine,
  readIfPresent,
  readText,
  writeAtomically,
  type HostOptions,
  type Terminal,
} from "../project/index.ts";
import { diffFilters } from "../core/diff/index.ts";
import { profilesIn } from "../core/carrier/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { fixProfile, lintProfile } from "../core/lint/index.ts";
import { ceilingFor, readProfile, resolveFor } from "../core/profile/index.ts";
import { fixText, renderDiff, renderLint, type PlacedFinding } from "../words/index.ts";
import { productVersion } from "./version.ts";

export interface LintOptions extends HostOptions {
  readonly format: "text" | "json" | "sarif";
  /** Corrects every fault that has one safe correction. */
  readonly fix: boolean;
  readonly against: string | undefined;
  readonly all?: boolean | undefined;
}

/**
 * `seccomp-gen lint PROFILES…`: 0 if there are only notes, 1 for errors or warnings, 2 for trouble. With --fix, it
 * counts what remains. A file that cannot be linted is trouble, and the others are linted all the same.
 */
export async function lint(patterns: readonly string[], options: LintOptions, terminal: Terminal): Promise<number> {
  const files = await filesOf(patterns, options.fix);
  const reference = await loadReference(options.against);
  // Options with a mistake fail once, not once a file.
  hostOf(options);
  const findings: PlacedFinding[] = [];
  const failures: unknown[] = [];
  let count = 0;
  for (const file of files) {
    try {
      const written = file === "-" ? await boundedText(process.stdin, "standard input") : await readText(file);
      const text = options.fix ? await fixFile(file, written, options, terminal) : written;
      const held = await profilesIn(text, file);
      if (held.length === 0) throw new SeccompGenError({ code: "no-profile", source: file });
      for (const { label, read, place } of held) {
        const profile = read();
        count += 1;
        const host = hostOf(options, [profile]);
        noteOtherMachine(file, options, host, terminal);
        const ceiling = ceilingFor(reference.profile, [host], resolveFor(profile, [host]).keys());
        const context = { host, ceiling, ceilingName: reference.name, reference: reference.profile };
        for (const finding of lintProfile(profile, context))
          findings.push({
            ...finding,
            file,
            ...(held.length > 1 ? { profile: label } : {}),
            ...place(finding.pointer),
          });
      }
    } catch (error) {
      // The other files are linted all the same.
      failures.push(error);
    }
  }
  if (count === 0) throw failure(failures);
  const serious = findings.filter(({ severity }) => severity !== "note").length;
  const profiles = count === 1 ? "this profile" : `these ${count} profiles`;
  terminal.note(
    findings.length === 0
      ? `no findings in ${profiles}`
      : `${serious} errors and warnings, ${findings.length - serious} notes`,
  );
  terminal.out(
    renderLint(findings, { ...layoutOf(terminal, options.all), format: options.format, version: productVersion() }),
  );
  if (failures.length > 0) throw failure(failures);
  return serious === 0 ? 0 : 1;
}

/** What the command fails with: the only failure itself, or all of them. */
function failure(failures: readonly unknown[]): unknown {
  return failures.length === 1 ? failures[0] : new AggregateError(failures);
}

/** A file's name stands for the file, a pattern for its matches, and "-" for standard input. */
async function filesOf(patterns: readonly string[], fix: boolean): Promise<readonly string[]> {
  if (fix && patterns.includes("-"))
    throw new SeccompGenError({
      code: "usage",
      what: "standard input cannot be corrected in place",
      todo: "Write it into a file: seccomp-gen lint --fix FILE",
    });
  const { default: glob } = await import("fast-glob");
  const files: string[] = [];
  for (const pattern of patterns) {
    const isPattern = glob.isDynamicPattern(pattern) && (await readIfPresent(pattern)) === undefined;
    const found = isPattern ? (await glob(pattern, { followSymbolicLinks: false })).sort() : [pattern];
    if (found.length === 0)
      throw new SeccompGenError({
        code: "usage",
        what: `no file matches ${pattern}`,
        todo: "Check the pattern; ** stands for any folders.",
      });
    files.push(...found);
  }
  return [...new Set(files)];
}

/** Writes the corrected file and says what changes. Resolves to the file's new content. */
async function fixFile(file: string, text: string, options: HostOptions, terminal: Terminal): Promise<string> {
  const [only] = await profilesIn(text, file);
  if (only?.isWhole !== true)
    throw new SeccompGenError({
      code: "usage",
      what: `${file} cannot be corrected in place: it is no plain JSON document`,
      todo: "Correct it by hand: seccomp-gen lint says where.",
    });
  const profile = readProfile(text, file);
  const host = hostOf(options, [profile]);
  const fixed = fixProfile(text, profile);
  if (fixed.text === text) return text;
  const [before, after] = [profile, readProfile(fixed.text, file)].map((each) => resolveFor(each, [host]));
  await writeAtomically(file, fixed.text);
  for (const fix of fixed.fixes) terminal.note(escapeLine(`${file}: ${fix.pointer}: ${fixText(fix)}`));
  if (before !== undefined && after !== undefined) {
    terminal.note(
      renderDiff(diffFilters(before, after), {
        format: "text",
        before: "before",
        after: "after",
        color: false,
        width: terminal.width,
      }).trimEnd(),
    );
  }
  return fixed.text;
}
