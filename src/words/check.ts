import type { CheckFinding } from "../core/check/index.ts";
import { noFilterText, type NoFilter } from "../core/profile/index.ts";
import { argumentWords, formatAction } from "../core/seccomp/index.ts";
import { dockerArch } from "../core/tables/index.ts";
import { escapeLine, jsonText } from "../core/text/index.ts";
import { documentVersion } from "./document-version.ts";
import { longText, someNames, wholePart, type Layout, type Part } from "./long-text.ts";

export interface CheckView extends Layout {
  readonly format: "text" | "json";
  readonly profile: string;
  readonly noFilter?: NoFilter | undefined;
}

/** The calls of a recording that a profile would deny, for people (text) or programs (json). */
export function renderCheck(findings: readonly CheckFinding[], view: CheckView): string {
  const { format, profile, noFilter } = view;
  if (format === "json")
    return jsonText({ version: documentVersion, profile, ...(noFilter === undefined ? {} : { noFilter }), findings });
  if (noFilter !== undefined) return `${escapeLine(`${profile}: ${noFilterText(noFilter)}`)}\n`;
  const denied = findings.filter(({ kind, alreadyFailed }) => kind === "denied" && !alreadyFailed);
  const failed = findings.filter(({ kind, alreadyFailed }) => kind === "denied" && alreadyFailed);
  const undecided = findings.filter(({ kind }) => kind === "undecided");
  if (findings.length === 0) return `${escapeLine(profile)} allows every recorded call\n`;
  return longText(
    [
      ...part(denied, `${escapeLine(profile)} would deny ${denied.length} of the recorded calls:`, view),
      ...part(
        failed,
        `${escapeLine(profile)} denies ${failed.length} of the recorded calls, which already failed with ` +
          "the same error:",
        view,
      ),
      ...part(undecided, "depends on arguments that the recording does not hold:", view),
    ],
    view,
    "--all says who made each of them, and with what arguments.",
  );
}

/** Findings under a title. In brief they are the calls' names. */
function part(findings: readonly CheckFinding[], title: string, { width }: CheckView): readonly Part[] {
  const names = [...new Set(findings.map(({ syscall }) => escapeLine(syscall)))];
  return findings.length === 0
    ? []
    : [
        wholePart([title]),
        { lines: findings.map(line), brief: someNames(names, { width, indent: "  ", always: names.length }) },
      ];
}

function line({ arch, syscall, args, seen, calls, processes, results, answer }: CheckFinding): string {
  const words = (values: CheckFinding["args"]): string =>
    values.map(({ index, value }) => argumentWords(syscall, index, value, arch)).join(", ");
  const more = seen.length > 4 ? " …" : "";
  const all = seen.length === 0 ? "" : `${seen.slice(0, 4).map(words).join(" or ")}${more}`;
  const shown = args.length === 0 ? all : words(args);
  const often = calls === 1 ? "a few times" : `some ${calls.toLocaleString("en")} times`;
  return escapeLine(
    `  ${syscall}${shown === "" ? "" : `(${shown})`}: ${formatAction(answer)}; recorded ${often} by ` +
      `${processes.join(", ")} (${results.join(", ")})${arch === "SCMP_ARCH_X86_64" ? "" : `, ${dockerArch(arch)}`}`,
  );
}
