import {
  elsewhereByHost,
  type ChangeKind,
  type ProfileChange,
  type ProfileComparison,
  type ProfileDiff,
  type ProfileMember,
  type SyscallChange,
} from "../core/diff/index.ts";
import {
  callWords,
  exceptionsOf,
  formatAction,
  formatRule,
  isAllowing,
  sameAction,
  type ActionRule,
  type Rule,
} from "../core/seccomp/index.ts";
import { dockerArch, exposureOf, operationOf, type ScmpArch } from "../core/tables/index.ts";
import { escapeLine, jsonText } from "../core/text/index.ts";
import { noFilterText } from "../core/profile/index.ts";
import { documentVersion } from "./document-version.ts";
import { markdownCell } from "./markdown.ts";
import { longText, someNames, wholePart, type Layout, type Part } from "./long-text.ts";
import { wrapText } from "./wrap.ts";

export interface DiffView extends Layout {
  readonly format: "text" | "markdown" | "json";
  /** The names of the two sides. */
  readonly before: string;
  readonly after: string;
}

/** A comparison for people (text, markdown) or programs (json). */
export function renderDiff(diff: ProfileComparison | ProfileDiff, view: DiffView): string {
  switch (view.format) {
    case "json":
      return jsonText({ version: documentVersion, before: view.before, after: view.after, ...diff });
    case "markdown":
      return markdown(diff, view);
    case "text":
      return text(diff, view);
    default:
      return view.format satisfies never;
  }
}

/** What a reviewer must see first comes first. */
const sections: readonly { readonly kind: ChangeKind; readonly title: string; readonly color: number }[] = [
  { kind: "newly-allowed", title: "newly allowed", color: 31 },
  { kind: "widened", title: "allowed under wider conditions", color: 31 },
  { kind: "changed", title: "allowed under other conditions", color: 33 },
  { kind: "narrowed", title: "allowed under narrower conditions", color: 32 },
  { kind: "denied-differently", title: "denied with another answer", color: 33 },
  { kind: "no-longer-allowed", title: "no longer allowed", color: 32 },
];

function text(diff: ProfileComparison | ProfileDiff, view: DiffView): string {
  const { before, after, color, width } = view;
  const paint = (code: number, words: string): string => (color ? `\u001b[${code}m${words}\u001b[0m` : words);
  const section = (title: string, code: number, lines: readonly string[], brief: readonly string[]): Part => ({
    lines: ["", paint(code, title), ...lines],
    brief: ["", paint(code, title), ...brief],
  });
  const several = archesOf(diff).length > 1;
  const parts = [
    wholePart([
      `${escapeLine(before)} → ${escapeLine(after)}`,
      ...counts(diff),
      ...profileChangeTexts(diff.profile).flatMap((words) => indented(words, width)),
    ]),
    ...archesOf(diff).flatMap((arch) =>
      sections.flatMap(({ kind, title, color: code }) => {
        const changes = ofKind(diff, arch, kind);
        const lines = isPlain(kind)
          ? wrapped(changes, width)
          : changes.flatMap((change) => detail(change, Math.max(40, width)));
        const heading = `${title} (${changes.length}${several ? `, ${dockerArch(arch)}` : ""})`;
        return changes.length === 0 ? [] : [section(heading, code, lines, briefly(changes, width))];
      }),
    ),
    ...elsewhereOf(diff).map(({ title, count, list, color: code }) =>
      section(
        `${title} (${count})`,
        code,
        list.flatMap((line) => indented(escapeLine(line), width)),
        [],
      ),
    ),
  ];
  if (diff.profile.length + diff.syscalls.length + elsewhereOf(diff).length === 0)
    parts.push(wholePart(["no difference: every call gets the same answer"]));
  return longText(parts, view, "--all shows every change, with its rules before and after and an example.");
}

/** The calls' names, the dangerous ones first. Then what each call may newly be used for. */
function briefly(changes: readonly SyscallChange[], width: number): readonly string[] {
  const isDanger = ({ syscall }: SyscallChange): boolean => exposureOf(syscall)?.level === "danger";
  return [
    ...byAnswer(changes).flatMap(([answer, alike]) => {
      const dangers = alike.filter(isDanger);
      const names = [...dangers, ...alike.filter((change) => !isDanger(change))].map(({ syscall }) => syscall);
      const words = names.map((name, at) => escapeLine(at === 0 && answer !== "" ? `${answer}: ${name}` : name));
      return someNames(words, { width: Math.max(40, width), indent: "  ", always: dangers.length });
    }),
    ...changes.filter(({ opened }) => opened.length > 0).flatMap((change) => indented(openedText(change), width)),
  ];
}

/** Groups the calls by their answer. Calls that are simply allowed or denied have the answer `""` and come first. */
function byAnswer(changes: readonly SyscallChange[]): readonly (readonly [string, readonly SyscallChange[]])[] {
  const answerOf = (change: SyscallChange): string => {
    if (change.kind === "denied-differently") return answersText(change);
    const isOther = change.kind === "newly-allowed" && change.is.action !== "SCMP_ACT_ALLOW";
    return isOther ? formatAction(change.is) : "";
  };
  return [...new Set(["", ...changes.map(answerOf)])]
    .map((answer) => [answer, changes.filter((change) => answerOf(change) === answer)] as const)
    .filter(([, alike]) => alike.length > 0);
}

/** What differs only on other hosts. Empty for a comparison of two filters, which knows of no other hosts. */
export function elsewhereOf(diff: ProfileComparison | ProfileDiff): readonly {
  readonly title: string;
  /** The number of calls. */
  readonly count: number;
  /** One host each. */
  readonly list: readonly string[];
  readonly color: number;
}[] {
  if (!("openedElsewhere" in diff)) return [];
  return [
    { title: "newly allowed on other hosts", calls: diff.openedElsewhere, color: 31 },
    { title: "no longer allowed on other hosts", calls: diff.closedElsewhere, color: 32 },
  ]
    .map(({ calls, ...section }) => ({ ...section, count: calls.length, list: elsewhereByHost(calls) }))
    .filter(({ list }) => list.length > 0);
}

/** True for kinds of change that the call's name alone describes, unless the call's arguments matter. */
function isPlain(kind: ChangeKind): boolean {
  return kind === "no-longer-allowed" || kind === "denied-differently" || kind === "newly-allowed";
}

function wrapped(changes: readonly SyscallChange[], width: number): readonly string[] {
  return byAnswer(changes).flatMap(([answer, alike]) => {
    const lines: string[] = [];
    let line = answer === "" ? " " : `  ${escapeLine(answer)}:`;
    for (const { syscall, kind, arch, after } of alike) {
      const isLimited = kind === "newly-allowed" && after.some(({ rule }) => rule.conditions.length > 0);
      const word = escapeLine(isLimited ? `${syscall} [${rulesText(syscall, after, arch)}]` : syscall);
      if (line.length + word.length + 1 > Math.max(40, width) && line.trim() !== "") {
        lines.push(line);
        line = answer === "" ? " " : "   ";
      }
      line += ` ${word}`;
    }
    return [...lines, line];
  });
}

function detail(change: SyscallChange, width: number): readonly string[] {
  const { arch, syscall, before, after } = change;
  const part = (first: string, text: string): readonly string[] =>
    wrapText(escapeLine(text), { width, first, indent: " ".repeat(12) });
  return [
    `  ${escapeLine(syscall)}`,
    ...part("    before: ", rulesText(syscall, before, arch)),
    ...part("    after:  ", rulesText(syscall, after, arch)),
    ...(change.opened.length === 0 ? [] : part("    opens:  ", openedText(change))),
    ...part("    e.g. ", `${exampleCall(change)}: ${answersText(change)}`),
  ];
}

/** What a call may newly be used for: `socket may now open SCTP, open DCCP`. */
export function openedText({ syscall, opened }: Pick<SyscallChange, "syscall" | "opened">): string {
  return `${syscall} may now ${opened.map((id) => operationOf(id).does).join(", ")}`;
}

export function exampleCall({ witness }: SyscallChange): string {
  return callWords(witness);
}

export function rulesText(syscall: string, list: readonly ActionRule[], arch: ScmpArch): string {
  if (list.length === 0) return "the default action";
  const words = (rule: Rule): string => formatRule(rule, syscall, arch);
  // A rule adds nothing if an unconditional rule gives the same answer.
  const rest = list.filter(
    ({ rule, action }, at) =>
      !list.some(
        (other, place) =>
          other.rule.conditions.length === 0 &&
          sameAction(other.action, action) &&
          (rule.conditions.length > 0 || place < at),
      ),
  );
  if (rest.length < list.length) return rulesText(syscall, rest, arch);
  const allowing = list.filter(({ action }) => isAllowing(action));
  const exceptions = exceptionsOf(allowing.map(({ rule }) => rule));
  if (exceptions === undefined || new Set(allowing.map(({ action }) => action.action)).size > 1)
    return list.map(({ action, rule }) => `${formatAction(action)} ${words(rule)}`).join("; ");
  return [
    `${formatAction(allowing[0]?.action ?? { action: "SCMP_ACT_ALLOW" })} unless ` +
      `${exceptions.map(words).join(" or ")}`,
    ...list
      .filter(({ action }) => !isAllowing(action))
      .map(({ action, rule }) => `${formatAction(action)} ${words(rule)}`),
  ].join("; ");
}

function counts(diff: ProfileDiff): readonly string[] {
  const arches = [
    ...new Set([...Object.keys(diff.allowedBefore), ...Object.keys(diff.allowedAfter)]),
  ] as (keyof ProfileDiff["allowedBefore"])[];
  return arches.map(
    (arch) =>
      `  ${dockerArch(arch)}: ${diff.allowedBefore[arch] ?? 0} syscalls allowed before, ` +
      `${diff.allowedAfter[arch] ?? 0} after`,
  );
}

function indented(words: string, width: number): readonly string[] {
  return wrapText(words, { width: Math.max(40, width), first: "  ", indent: "    " });
}

/**
 * One sentence for each change of the whole profile. Machines whose other architectures are treated differently share
 * one sentence: there are many of them, and few readers have one.
 */
export function profileChangeTexts(changes: readonly ProfileChange[]): readonly string[] {
  const other = changes.filter((change) => change.kind !== "sub-architectures");
  const defaults = other.filter((change) => change.kind === "default-changed");
  const served = changes.filter((change) => change.kind === "sub-architectures");
  const [first] = served;
  const listed = (side: "added" | "removed"): string =>
    [...new Set(served.flatMap((change) => change[side].map(dockerArch)))].join(", ");
  return [
    ...other.flatMap((change): readonly string[] => {
      if (change.kind !== "default-changed") return [profileChangeText(change)];
      const alike = defaults.filter((each) => answersText(each) === answersText(change));
      const arches = alike.map(({ arch }) => dockerArch(arch)).join(", ");
      return alike[0] === change ? [`${arches}: what no rule names: ${answersText(change)}`] : [];
    }),
    ...(first === undefined
      ? []
      : [
          `on ${served.map(({ arch }) => dockerArch(arch)).join(", ")}: ` +
            [
              ...(listed("added") === "" ? [] : [`calls of ${listed("added")} are now served`]),
              ...(listed("removed") === "" ? [] : [`calls of ${listed("removed")} are no longer served`]),
            ].join("; "),
        ]),
  ];
}

function profileChangeText(
  change: Exclude<ProfileChange, { readonly kind: "sub-architectures" | "default-changed" }>,
): string {
  switch (change.kind) {
    case "no-filter":
      return change.side === "after" ? noFilterText(change.noFilter) : `before: ${noFilterText(change.noFilter)}`;
    case "member-changed": {
      const values = `${memberValue(change.was)} → ${memberValue(change.is)}`;
      return `${change.member}: ${values}; ${memberMeaning[change.member]}`;
    }
    case "architecture-added":
      return (
        `architecture ${dockerArch(change.arch)}: now served by the profile; before, its calls killed ` + `the process`
      );
    case "architecture-removed":
      return `architecture ${dockerArch(change.arch)}: no longer served; its calls kill the process`;
    default:
      return change satisfies never;
  }
}

/** `EPERM → ENOSYS`. */
export function answersText({ was, is }: Pick<SyscallChange, "was" | "is">): string {
  return `${formatAction(was)} → ${formatAction(is)}`;
}

function memberValue(value: string | undefined): string {
  if (value === undefined) return "none";
  return value.length > 80 ? `${value.slice(0, 80)}…` : value;
}

const memberMeaning: { readonly [member in ProfileMember]: string } = {
  flags: "how the kernel runs the filter; SECCOMP_FILTER_FLAG_SPEC_ALLOW switches off a mitigation of Spectre",
  listenerPath: "the agent that listens there decides on the calls of SCMP_ACT_NOTIFY",
  baseProfileName: "the operator adds the rules of that profile, which stand in another file",
  listenerMetadata: "the agent that decides on the calls of SCMP_ACT_NOTIFY gets this text",
};

function archesOf(diff: ProfileDiff): readonly SyscallChange["arch"][] {
  return [...new Set(diff.syscalls.map(({ arch }) => arch))];
}

function ofKind(diff: ProfileDiff, arch: SyscallChange["arch"], kind: ChangeKind): readonly SyscallChange[] {
  return diff.syscalls.filter((change) => change.arch === arch && change.kind === kind);
}

function markdown(diff: ProfileComparison | ProfileDiff, { before, after }: DiffView): string {
  const cell = markdownCell;
  const lines = [
    `### ${cell(before)} → ${cell(after)}`,
    "",
    ...counts(diff).map((line) => `- ${cell(line.trim())}`),
    ...profileChangeTexts(diff.profile).map((words) => `- ${cell(words)}`),
  ];
  for (const arch of archesOf(diff)) {
    for (const { kind, title } of sections) {
      const changes = ofKind(diff, arch, kind);
      if (changes.length === 0) continue;
      const summary = `${title} (${changes.length}, ${dockerArch(arch)})`;
      if (kind === "no-longer-allowed" || kind === "denied-differently") {
        lines.push(
          "",
          `<details><summary>${summary}</summary>`,
          "",
          byAnswer(changes)
            .map(([answer, alike]) => [answer, alike.map(({ syscall }) => cell(syscall)).join(", ")] as const)
            .map(([answer, names]) => (answer === "" ? names : `${cell(answer)}: ${names}`))
            .join("\n\n"),
          "",
          "</details>",
        );
      } else {
        lines.push("", `**${summary}**`, "", "| syscall | before | after | for example |", "|---|---|---|---|");
        lines.push(
          ...changes.map((change) => {
            const opens = change.opened.length === 0 ? "" : `; ${openedText(change)}`;
            return (
              `| ${cell(change.syscall)} | ${cell(rulesText(change.syscall, change.before, change.arch))} | ` +
              `${cell(rulesText(change.syscall, change.after, change.arch))} | ` +
              `${cell(`${exampleCall(change)}: ${answersText(change)}${opens}`)} |`
            );
          }),
        );
      }
    }
  }
  for (const { title, count, list } of elsewhereOf(diff))
    lines.push("", `**${title} (${count})**`, "", ...list.map((line) => `- ${cell(line)}`));
  if (diff.profile.length + diff.syscalls.length + elsewhereOf(diff).length === 0)
    lines.push("", "No difference: every call gets the same answer.");
  return `${lines.join("\n")}\n`;
}
