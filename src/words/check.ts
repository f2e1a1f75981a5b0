import type { CheckFinding } from "../core/check/index.ts";
import { noFilterText, type NoFilter } from "../core/profile/index.ts";
import { argumentWords, formatAction } from "../core/seccomp/index.ts";
import { dockerArch } from "../core/tables/index.ts";
import { escapeLine, jsonText } from "../core/text/index.ts";

/** What a profile would deny of a recording, for people (text) or programs (json). */
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
  if (format === "json") return jsonText({ profile, ...(noFilter === undefined ? {} : { noFilter }), findings });
  if (noFilter !== undefined) return `${escapeLine(`${profile}: ${noFilterText(noFilter)}`)}\n`;
  const denied = findings.filter(({ kind }) => kind === "denied");
  const undecided = findings.filter(({ kind }) => kind === "undecided");
  if (findings.length === 0) return `${escapeLine(profile)} allows every recorded call\n`;
  return [
    ...(denied.length === 0
      ? []
      : [`${escapeLine(profile)} would deny ${denied.length} of the recorded calls:`, ...denied.map(line)]),
    ...(undecided.length === 0
      ? []
      : ["depends on arguments that the recording does not hold:", ...undecided.map(line)]),
    "",
  ].join("\n");
}

function line({ arch, syscall, args, calls, processes, results, answer }: CheckFinding): string {
  const shown = args.map(({ index, value }) => argumentWords(syscall, index, value, arch)).join(", ");
  const often = calls === 1 ? "a few times" : `some ${calls.toLocaleString("en")} times`;
  return escapeLine(
    `  ${syscall}${shown === "" ? "" : `(${shown})`}: ${formatAction(answer)}; recorded ${often} by ` +
      `${processes.join(", ")} (${results.join(", ")})${arch === "SCMP_ARCH_X86_64" ? "" : `, ${dockerArch(arch)}`}`,
  );
}
