import type {
  ArchExplanation,
  CallExplanation,
  CallState,
  Explanation,
  VulnerabilityVerdict,
} from "../core/explain/index.ts";
import type { Action } from "../core/seccomp/index.ts";
import { callInsteadOf, noFilterText } from "../core/profile/index.ts";
import { dockerArch, subsystems } from "../core/tables/index.ts";
import { escapeLine, jsonText } from "../core/text/index.ts";
import { codeAnswerWords, openWords, operationWords, subsystemWords, unseenWords } from "./code-words.ts";
import { documentVersion } from "./document-version.ts";
import { explanationPage } from "./explain-page.ts";
import {
  answersOf,
  bySubsystem,
  capabilityWords,
  gapsOf,
  isCompanion,
  keptCount,
  limitsOf,
  needsWords,
  operationsOf,
  reachCounts,
  reachWords,
  reasonsOf,
  meaningOf,
  stateOf,
  stateWords,
  vulnerabilityName,
} from "./explain-words.ts";
import { longText, wholePart, type Layout } from "./long-text.ts";
import { wrapText } from "./wrap.ts";

export interface ExplainView extends Layout {
  readonly format: "text" | "json" | "html";
}

/** A profile, explained for people (text, html) or programs (json). With `syscall`, all about that one call. */
export function renderExplanation(explanation: Explanation, syscall: string | undefined, view: ExplainView): string {
  if (view.format === "json")
    return jsonText({
      version: documentVersion,
      ...(syscall === undefined ? explanation : onlyCall(explanation, syscall)),
    });
  if (view.format === "html") return explanationPage(explanation);
  const words = terminal(view);
  return longText(
    syscall === undefined
      ? [wholePart(totals(explanation, words)), { lines: callsAndVulnerabilities(explanation, words), brief: [] }]
      : [wholePart(oneCall(explanation, syscall, words))],
    view,
    "--all lists every call and vulnerability, a call's name tells all about it, and --format html makes a page.",
  );
}

function onlyCall(explanation: Explanation, syscall: string): Explanation {
  return {
    ...explanation,
    arches: explanation.arches.map((arch) => ({ ...arch, calls: arch.calls.filter(({ name }) => name === syscall) })),
    vulnerabilities: explanation.vulnerabilities.filter(({ vulnerability }) =>
      needs(vulnerability, syscall, explanation),
    ),
  };
}

function needs({ id }: VulnerabilityVerdict["vulnerability"], syscall: string, { arches }: Explanation): boolean {
  return arches.some(({ calls }) =>
    calls.some(({ name, vulnerabilities }) => name === syscall && vulnerabilities.includes(id)),
  );
}

interface Terminal {
  /** One wrapped paragraph. `label` stands in the left margin. */
  readonly say: (label: string, text: string, mark?: Mark) => readonly string[];
  readonly paint: (mark: Mark, text: string) => string;
}

type Mark = "danger" | "notable" | "closed" | "plain" | "title";

function terminal({ color, width }: ExplainView): Terminal {
  const codes: { readonly [mark in Mark]: number } = { danger: 31, notable: 33, closed: 32, plain: 0, title: 1 };
  const paint = (mark: Mark, text: string): string =>
    color && mark !== "plain" ? `\u001b[${codes[mark]}m${text}\u001b[0m` : text;
  return {
    paint,
    say: (label, text, mark = "plain") => {
      const indent = " ".repeat(label.length);
      return wrapText(escapeLine(text), { width: Math.max(40, Math.min(width, 100)), first: label, indent }).map(
        (line) => paint(mark, line),
      );
    },
  };
}

function callsAndVulnerabilities(explanation: Explanation, words: Terminal): readonly string[] {
  return [
    ...explanation.arches.flatMap((arch) =>
      bySubsystem(arch.calls).flatMap(([subsystem, calls]) =>
        section(
          subsystems[subsystem].title + (explanation.arches.length > 1 ? `, ${dockerArch(arch.arch)}` : ""),
          subsystems[subsystem].exposes,
          calls,
          words,
        ),
      ),
    ),
    ...vulnerabilityList(explanation, words),
  ];
}

/** What happens to calls that are neither denied nor simply allowed. */
const letWords: readonly {
  readonly action: Action["action"];
  readonly label: string;
  readonly means: string;
}[] = [
  { action: "SCMP_ACT_LOG", label: "logged", means: "allowed, and the kernel logs them" },
  { action: "SCMP_ACT_NOTIFY", label: "handed on", means: "an agent decides (SCMP_ACT_NOTIFY)" },
  { action: "SCMP_ACT_TRACE", label: "traced", means: "a tracer decides; without one they fail with ENOSYS" },
];

/** What denied calls get: `50 answer “not implemented”, 300 an error, 12 end the program`. */
function deniedWords({ counts, calls }: ArchExplanation): string {
  const denied = calls.filter(({ state }) => state === "denied");
  const ended = denied.filter(({ answer }) => answer?.action.startsWith("SCMP_ACT_KILL")).length;
  const trapped = denied.filter(({ answer }) => answer?.action === "SCMP_ACT_TRAP").length;
  return [
    `${counts.states.enosys} answer “not implemented”`,
    `${denied.length - ended - trapped} an error`,
    ...(ended === 0 ? [] : [`${ended} end the program or its thread`]),
    ...(trapped === 0 ? [] : [`${trapped} raise SIGSYS`]),
  ].join(", ");
}

function totals(explanation: Explanation, words: Terminal): readonly string[] {
  const { noFilter, profile, ceilingName, arches, vulnerabilities, runs } = explanation;
  const closedBy = (what: "names" | "pins"): number =>
    vulnerabilities.filter((verdict) => verdict.closedBy === what).length;
  const [own, docker] = [reachCounts(explanation, "reach"), reachCounts(explanation, "docker")];
  const row = (label: string, number: number, text: string): readonly string[] =>
    words.say(`  ${String(number).padStart(4)} ${label} `.padEnd(32), text);
  return [
    words.paint("title", escapeLine(profile)),
    ...(noFilter === undefined ? [] : words.say("  ", noFilterText(noFilter), "danger")),
    ...arches.flatMap((arch) => [
      ...words.say("  ", `${dockerArch(arch.arch)}, beside ${ceilingName}:`),
      ...row(
        "calls allowed",
        keptCount(arch.counts),
        `of ${arch.counts.total}; Docker's default allows ${keptCount({ states: arch.counts.docker })}`,
      ),
      ...row("  of them pinned", arch.counts.states.pinned, stateWords.pinned),
      ...row("  of them for the start", arch.counts.states.floor, "the container runtime needs them"),
      ...letWords.flatMap(({ action, label, means }) => {
        const calls = arch.calls.filter(({ lets }) => lets.some((each) => each.action === action));
        return calls.length === 0 ? [] : row(`  of them ${label}`, calls.length, means);
      }),
      ...row("calls denied", arch.counts.states.enosys + arch.counts.states.denied, deniedWords(arch)),
    ]),
    ...words.say("  ", `Of ${vulnerabilities.length} known kernel vulnerabilities and container escapes:`),
    ...row("out of reach", own.closed, `by this profile; ${docker.closed} by Docker's default`),
    ...row("  of them by names", closedBy("names"), "a call that they need is denied"),
    ...row("  of them by pins", closedBy("pins"), "their calls are allowed, with other arguments only"),
    ...row("need more privilege", own.capability, "than the container has"),
    ...row("within reach", own.open, "on a kernel that is not up to date"),
    ...(runs.length === 0
      ? words.say("  ", "There is no recording beside the profile, so nobody knows which program made a call.")
      : []),
    ...coverageLines(explanation, words),
  ];
}

/** The text lists at most this many names of each weight. The JSON has all of them. */
const mostUnseen = 12;

/** What the programs' code can make, and how much of it was recorded. */
function coverageLines({ coverage, arches }: Explanation, words: Terminal): readonly string[] {
  return coverage.flatMap((one) => {
    const open = openWords(one.open);
    return [
      "",
      words.paint(
        "title",
        `What the programs' code can make${arches.length > 1 ? `, ${dockerArch(one.arch)}` : ""}: ` +
          `${one.seen} of ${one.reachable} calls were recorded`,
      ),
      ...words.say("  recorded: ", subsystemWords(one)),
      ...unseenWords(one.unseen, mostUnseen).flatMap(([weight, names]) =>
        words.say(`  never recorded, ${weight}: `, names, weight === "dangerous" ? "danger" : "plain"),
      ),
      ...(open === undefined ? [] : words.say("  open: ", `${open}. Such a place may make any call.`, "notable")),
    ];
  });
}

function section(
  title: string,
  exposes: string,
  calls: readonly CallExplanation[],
  words: Terminal,
): readonly string[] {
  const kept = calls.filter(({ state }) => state !== "denied" && state !== "enosys");
  return [
    "",
    words.paint("title", `${title}: ${kept.length} of ${calls.length} calls allowed`),
    ...(kept.length === 0 ? [] : words.say("  ", `What they reach: ${exposes}.`)),
    ...kept.flatMap((call) => callLines(call, words)),
    ...deniedNames(calls, "enosys", words),
    ...deniedNames(calls, "denied", words),
  ];
}

function deniedNames(calls: readonly CallExplanation[], state: CallState, words: Terminal): readonly string[] {
  const names = calls.filter((call) => call.state === state).map(({ name }) => name);
  return names.length === 0 ? [] : words.say(`  ${stateWords[state]}: `, names.join(", "), "closed");
}

function callLines(call: CallExplanation, words: Terminal): readonly string[] {
  const { name, text, exposure } = call;
  const limits = limitsOf(call);
  return [
    ...words.say(`  ${name.padEnd(16)} `, text?.does ?? "no table knows this call"),
    ...reasonsOf(call).flatMap((reason) => words.say("    why:   ", reason)),
    ...codeOf(call).flatMap((text) => words.say("    code:  ", text)),
    ...(limits === undefined ? [] : words.say("    only:  ", limits.join("; "))),
    ...notPlain(call).flatMap((text) => words.say("    how:   ", text)),
    ...(call.denies.length > 0 ? answersOf(call).flatMap((text) => words.say("    denied: ", text)) : []),
    ...gapsOf(call).flatMap((gap) => words.say("    BUT:   ", gap, "danger")),
    ...(exposure === undefined
      ? []
      : words.say(exposure.level === "danger" ? "    danger: " : "    note:  ", exposure.reason, exposure.level)),
  ];
}

/** What the code shows about a call that is allowed but was never seen. */
function codeOf(call: CallExplanation): readonly string[] {
  return isCompanion(call) && call.code !== undefined ? [codeAnswerWords(call.code)] : [];
}

/** What happens to a call that is neither denied nor simply allowed. */
function notPlain(call: CallExplanation): readonly string[] {
  return call.lets.some(({ action }) => action !== "SCMP_ACT_ALLOW") ? [stateOf(call)] : [];
}

function vulnerabilityList({ vulnerabilities }: Explanation, words: Terminal): readonly string[] {
  const open = vulnerabilities.filter(({ reach }) => reach === "open");
  const gained = vulnerabilities.filter(({ reach, docker }) => reach === "closed" && docker !== "closed");
  return [
    "",
    words.paint("title", "Known vulnerabilities within reach, on a kernel that is not up to date"),
    ...(open.length === 0
      ? ["  none of the known ones"]
      : open.flatMap(({ vulnerability }) =>
          words.say(
            "  ",
            `${vulnerabilityName(vulnerability)} by ${needsWords(vulnerability)}: ${vulnerability.gives}`,
          ),
        )),
    "",
    words.paint("title", "Within reach under Docker's default, and not under this profile"),
    ...words.say(
      "  ",
      gained.length === 0 ? "none" : gained.map(({ vulnerability }) => vulnerabilityName(vulnerability)).join(", "),
      "closed",
    ),
  ];
}

function notOfThese({ arches }: Explanation, syscall: string): string {
  const others = arches.flatMap(({ arch }) => callInsteadOf(arch, syscall) ?? []);
  const instead = others.length === 0 ? "" : `; programs make ${[...new Set(others)].join(" or ")} there`;
  return `${syscall}: not a call of ${arches.map(({ arch }) => dockerArch(arch)).join(", ")}${instead}`;
}

function oneCall(explanation: Explanation, syscall: string, words: Terminal): readonly string[] {
  const found = explanation.arches.flatMap((arch) =>
    arch.calls.filter(({ name }) => name === syscall).map((call) => ({ arch, call })),
  );
  const [first] = found;
  if (first === undefined) return [notOfThese(explanation, syscall)];
  const { text, exposure } = first.call;
  return [
    words.paint("title", syscall),
    ...words.say(
      "  does:      ",
      `${text?.does ?? "no table knows this call"}${text === undefined ? "" : ` [${text.source}]`}`,
    ),
    ...(text?.same === undefined
      ? []
      : words.say("  same as:   ", `${text.same}, for another number width or machine`)),
    ...(text === undefined
      ? []
      : words.say("  reaches:   ", `${subsystems[text.subsystem].title}: ${subsystems[text.subsystem].exposes}`)),
    ...(exposure === undefined
      ? []
      : words.say(
          exposure.level === "danger" ? "  danger:    " : "  note:      ",
          `${exposure.reason} [${exposure.source}]`,
          exposure.level,
        )),
    ...found.flatMap(({ arch, call }) => onArch(arch, call, explanation, words)),
    ...verdictLines(explanation, syscall, words),
  ];
}

function onArch(
  { arch }: ArchExplanation,
  call: CallExplanation,
  { arches, ceilingName }: Explanation,
  words: Terminal,
): readonly string[] {
  const limits = limitsOf(call);
  return [
    ...(arches.length > 1 ? [`  on ${dockerArch(arch)}`] : []),
    ...words.say("  here:      ", `${stateOf(call)}: ${meaningOf(call)}`),
    ...reasonsOf(call).flatMap((reason) => words.say("  why:       ", reason)),
    ...(call.code === undefined ? [] : words.say("  code:      ", codeAnswerWords(call.code))),
    ...passedLines(call).flatMap((text) => words.say("  passes:    ", text)),
    ...(limits === undefined ? [] : words.say("  only:      ", limits.join("; "))),
    ...gapsOf(call).flatMap((gap) => words.say("  BUT:       ", gap, "danger")),
    ...operationsOf(call).flatMap(({ open, text }) =>
      words.say(open ? "  may also:  " : "  cut:       ", text, open ? "notable" : "closed"),
    ),
    ...answersOf(call).flatMap((answer) => words.say("  denied:    ", answer)),
    ...words.say("  elsewhere: ", `${ceilingName}: ${stateWords[call.docker]}`),
  ];
}

/** The text lists at most this many operations of one call. The recording has the others. */
const mostOperations = 8;

/** The values that the code passes for the arguments that choose among operations. */
function passedLines({ name, passes }: CallExplanation): readonly string[] {
  const rest = passes.length - mostOperations;
  return [
    ...passes.slice(0, mostOperations).map((operation) => operationWords(name, operation)),
    ...(rest > 0 ? [`and ${rest} more, in the recording`] : []),
  ];
}

function verdictLines(explanation: Explanation, syscall: string, words: Terminal): readonly string[] {
  const verdicts = explanation.vulnerabilities.filter(({ vulnerability }) =>
    needs(vulnerability, syscall, explanation),
  );
  if (verdicts.length === 0) return words.say("  known vulnerabilities that need it: ", "none in the table");
  const closed = verdicts.filter(({ reach }) => reach === "closed");
  return [
    "  known vulnerabilities that need it:",
    ...verdicts
      .filter(({ reach }) => reach !== "closed")
      .flatMap(({ vulnerability, reach }) =>
        words.say(
          "    ",
          `${vulnerabilityName(vulnerability)}: ${reachWords[reach]}; by ${needsWords(vulnerability)}` +
            `${capabilityWords(vulnerability)}: ${vulnerability.gives} [${vulnerability.source}]`,
          reach === "open" ? "notable" : "closed",
        ),
      ),
    ...(closed.length === 0
      ? []
      : words.say(
          `    ${reachWords.closed}: `,
          closed.map(({ vulnerability }) => vulnerabilityName(vulnerability)).join(", "),
          "closed",
        )),
  ];
}
