import type { CheckFinding } from "../core/check/index.ts";
import { noFilterText, type NoFilter } from "../core/profile/index.ts";
import { argumentWords, formatAction } from "../core/seccomp/index.ts";
import { dockerArch } from "../core/tables/index.ts";
import { escapeLine, jsonText } from "../core/text/index.ts";
import { documentVersion } from "./document-version.ts";

/** The calls of a recording that a profile would deny, for people (text) or programs (json). */
export function renderCheck(
  findings: readonly CheckFinding[],
  {
    format,
    profile,
    noFilter,
  }: {
    readonly format: "text" | "json";
    readonly profile: string;
    readonly noFilter?: NoFilter | undefined;
  },
): string {
  if (format === "json")
    return jsonText({ version: documentVersion, profile, ...(noFilter === undefined ? {} : { noFilter }), findings });
  if (noFilter !== undefined) return `${escapeLine(`${profile}: ${noFilterText(noFilter)}`)}\n`;
  const denied = findings.filter(({ kind, alreadyFailed }) => kind === "denied" && !alreadyFailed);
  const failed = findings.filter(({ kind, alreadyFailed }) => kind === "denied" && alreadyFailed);
  const undecided = findings.filter(({ kind }) => kind === "undecided");
  if (findings.length === 0) return `${escapeLine(profile)} allows every recorded call\n`;
  return [
    ...(denied.length === 0
      ? []
      : [`${escapeLine(profile)} would deny ${denied.length} of the recorded calls:`, ...denied.map(line)]),
    ...(failed.length === 0
      ? []
      : [
          `${escapeLine(profile)} denies ${failed.length} of the recorded calls, which already failed with ` +
            `the same ` +
            "error:",
          ...failed.map(line),
        ]),
    ...(undecided.length === 0
      ? []
      : ["depends on arguments that the recording does not hold:", ...undecided.map(line)]),
    "",
  ].join("\n");
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
