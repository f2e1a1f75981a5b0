import { constants } from "node:os";
import { formatAction, formatRule } from "../core/seccomp/index.ts";
import { dockerArch } from "../core/tables/index.ts";
import {
  crashSignals,
  type Aftermath,
  type Crash,
  type Denial,
  type Diagnosis,
  type Verdict,
} from "../run/verifier/index.ts";
import { escapeLine, escapeTerminal } from "../core/text/index.ts";

/** The words for what a run under the profile showed. */
export function renderVerdict(verdict: Verdict): string {
  return escapeTerminal(verdictText(verdict));
}

/** Says that nobody asked the kernel about the filters of these containers. Without names there is one container. */
export function unseenFilterText(names: readonly string[]): string {
  const whose = names.length === 0 ? "the container" : escapeLine(someNames(names));
  return (
    `the kernel was not asked whether ${whose} had a filter: it ended too soon, or the engine runs on another ` +
    "machine; only the engine says that it had one"
  );
}

function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case "passed":
      return "passed: the workload runs under this profile";
    case "not-started":
      return (
        `FAILED: the container did not start (exit code ${codeWords(verdict.exitCode)}); the runtime ` +
        `said:${quoted(verdict.said)}`
      );
    case "wrong-exit":
      return (
        `FAILED: exit code ${codeWords(verdict.exitCode)}, expected ${verdict.expected}; the last ` +
        `words on stderr:${quoted(verdict.said)}`
      );
    case "ended-early":
      return (
        `FAILED: the container ended (exit code ${codeWords(verdict.exitCode)}) before the --while ` +
        `command did; the last words on stderr:${quoted(verdict.said)}`
      );
    case "exercise-failed":
      return (
        `FAILED: the --while command ended with exit code ${verdict.whileExitCode}; the workload's last ` +
        `words on stderr:${quoted(verdict.said)}`
      );
    case "side-failed":
      return `FAILED: ${verdict.label} ended with exit code ${verdict.exitCode}:${quoted(verdict.said)}`;
    case "no-filter":
      return (
        `FAILED: NO FILTER AT ALL: the kernel says Seccomp: ${verdict.mode} of the container's process, so ` +
        `it has no filter of its own and did not run under this ` +
        "profile"
      );
    case "output-differs":
      return (
        `FAILED: the output differs from the output without the profile, first in line ${verdict.line}:\n  ` +
        `without: ${verdict.before ?? "(nothing)"}\n  with:    ${verdict.after ?? "(nothing)"}`
      );
    case "interrupted":
      return "interrupted: no verdict";
    default:
      return verdict satisfies never;
  }
}

/** `139, a crash by SIGSEGV`: shells and engines add 128 to the number of the signal. */
function codeWords(exitCode: number | undefined): string {
  const signal = Object.entries(constants.signals).find(
    ([name, number]) => crashSignals.has(name) && number + 128 === exitCode,
  );
  return `${exitCode ?? "unknown"}${signal === undefined ? "" : `, a crash by ${signal[0]}`}`;
}

function quoted(said: string): string {
  return said === ""
    ? " (nothing)"
    : said
        .split("\n")
        .map((line) => `\n  | ${line}`)
        .join("");
}

/** Why it failed: what was denied, what followed, what is missing. The command says what to do about it. */
export function renderDiagnosis(diagnosis: Diagnosis): string {
  switch (diagnosis.kind) {
    case "interrupted":
      return "interrupted: the cause was not found";
    case "fails-without-profile":
      return (
        "the profile is not the cause: without it the workload fails too\n  " +
        `${renderVerdict(diagnosis.verdict).replaceAll("\n", "\n  ")}`
      );
    case "refused":
      return [
        "the runtime refuses this profile:",
        ...diagnosis.problems.map((problem) => `  ${refusal(problem)}`),
      ].join("\n");
    case "unexplained":
      return [
        `the cause was not found in ${diagnosis.runs} runs: the workload does not pass reliably even with ` +
          `every call that Docker's default ` +
          "allows",
        ...crashLines(diagnosis.crashes),
        ...denialLines(diagnosis.denials),
        escapeLine(`  allowed without success: ${triedWords(diagnosis)}`),
      ].join("\n");
    case "explained":
      return explained(diagnosis);
    default:
      return diagnosis satisfies never;
  }
}

/** The calls that the last run allowed. The workload failed all the same. */
function triedWords({ tried, more }: Extract<Diagnosis, { kind: "unexplained" }>): string {
  if (tried.length === 0) return `${more} calls that the profile denies; no trace saw one of them denied`;
  return `${someNames(tried)}${more === 0 ? "" : ` and ${more} more that no trace saw denied`}`;
}

function refusal(problem: Extract<Diagnosis, { kind: "refused" }>["problems"][number]): string {
  switch (problem.kind) {
    case "conflict":
      return escapeLine(
        `${problem.pointer}: libseccomp refuses the rule for ${problem.syscall} ` +
          `${formatRule(problem.rule, problem.syscall, problem.arch)}: ` +
          "an earlier group gives the same calls another answer",
      );
    case "unknown-architecture":
      return escapeLine(`there is no architecture ${problem.name}`);
    case "refused":
      return escapeLine(`${problem.pointer}: ${problem.reason}`);
    case "unknown-syscall":
      return escapeLine(`${problem.pointer}: there is no syscall ${problem.name}`);
    default:
      return problem satisfies never;
  }
}

/** A call that is missing with two kinds of arguments is listed once. */
export function namesOf(additions: readonly { readonly syscall: string }[]): string {
  return [...new Set(additions.map(({ syscall }) => syscall))].join(", ");
}

function explained({
  denials,
  crashes,
  additions,
  ordinary,
  minimal,
  floor,
  runs,
}: Extract<Diagnosis, { kind: "explained" }>): string {
  const missing = new Set(additions.map(({ arch, syscall }) => `${arch} ${syscall}`));
  const to = (denial: Denial): boolean => missing.has(`${denial.arch} ${denial.syscall}`);
  const harmless = [...new Set(denials.filter((denial) => !to(denial)).map(({ syscall }) => syscall))].sort();
  const isOne = additions.length === 1;
  const isOrdinary = ordinary.length > 1;
  const searched = additions.length - ordinary.length;
  const others = searched === 1 ? "the other" : "any one of the others";
  const ofOthers = isOrdinary ? `, and without ${others} it fails` : "";
  const allNeeded = isOne || searched === 0 ? "" : ofOthers || ", and without any one of them it fails";
  const sureness = minimal ? allNeeded : " (a smaller set may be enough, but no runs were left)";
  return [
    `the cause: the profile denies ${namesOf(additions)}`,
    ...crashLines(crashes),
    ...denialLines(denials.filter(to)),
    ...[...new Set(additions.map(({ syscall }) => syscall))]
      .filter((syscall) => !denials.some((denial) => denial.syscall === syscall))
      .map((syscall) => {
        const reason = floor.get(syscall);
        return reason === undefined
          ? `  ${syscall}: denied in a place that the trace does not show`
          : `  ${syscall}: the container runtime itself needs it: ${reason}`;
      }),
    `  confirmed in ${runs} runs: with ${isOne ? "it" : "these"} it passes${sureness}`,
    ...(isOrdinary
      ? [escapeLine(`  ordinary, tried by the program, and allowed together: ${someNames(namesIn(ordinary))}`)]
      : []),
    ...(harmless.length === 0 ? [] : [escapeLine(`  also denied, but not needed: ${harmless.join(", ")}`)]),
  ].join("\n");
}

function namesIn(additions: readonly { readonly syscall: string }[]): readonly string[] {
  return [...new Set(additions.map(({ syscall }) => syscall))];
}

function someNames(names: readonly string[]): string {
  return names.length <= 12 ? names.join(", ") : `${names.slice(0, 11).join(", ")} and ${names.length - 11} more`;
}

/** At most this many denials are listed. The others are counted. */
const shownDenials = 12;
const shownCrashes = 3;

function beforeCrash(signal: string, denied: string | undefined): string {
  if (denied === undefined) return "the profile had denied nothing before";
  return signal === "SIGSYS"
    ? `the profile ends programs for the call ${denied}`
    : `the last call that the profile had denied it: ${denied}`;
}

/** `slapd crashed (SIGSEGV); the last call that the profile had denied it: pwrite64` */
function crashLines(crashes: readonly Crash[]): readonly string[] {
  return [
    ...crashes.slice(0, shownCrashes).map(({ process, signal, denied, times }) => {
      const often = times > 1 ? `, ${times} times` : "";
      return escapeLine(`  ${process} crashed (${signal}${often}); ${beforeCrash(signal, denied)}`);
    }),
    ...(crashes.length > shownCrashes ? [`  … and ${crashes.length - shownCrashes} more crashes`] : []),
  ];
}

function denialLines(denials: readonly Denial[]): readonly string[] {
  const own = denials.filter(({ deniedByDefault }) => !deniedByDefault);
  return [
    ...own.slice(0, shownDenials).map((denial) => `  ${escapeLine(denialLine(denial))}`),
    ...(own.length > shownDenials ? [`  … and ${own.length - shownDenials} more`] : []),
  ];
}

/**
 * `nginx: socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = EAFNOSUPPORT; then wrote "…" to stderr,
 * exited with 1`
 */
function denialLine({ process, syscall, args, arch, answer, times, next }: Denial): string {
  const where = arch === "SCMP_ARCH_X86_64" ? "" : ` (${dockerArch(arch)})`;
  const often = times > 1 ? `, ${times} times` : "";
  return `${process}: ${syscall}(${args.join(", ")})${where} = ${formatAction(answer)}${often}; ${aftermath(next)}`;
}

function aftermath({ call, wrote, end, calls }: Aftermath): string {
  const words = [
    ...(wrote === undefined ? [] : [`wrote to stderr ${JSON.stringify(wrote.split("\n")[0])}`]),
    ...(end === undefined ? [] : [end.type === "exited" ? `exited with ${end.code}` : `was killed by ${end.signal}`]),
  ];
  const wentOn = call === undefined ? "nothing more" : `went on with ${call.syscall} (${call.result})`;
  if (words.length === 0) return `then ${wentOn}`;
  const isApart = call !== undefined && wrote === undefined && calls > 3;
  return `then ${isApart ? `${wentOn}, and ` : ""}${words.join(", ")}`;
}
