import { stringify } from "lossless-json";
import type { Assessment, Level, Opening } from "../assessment/types.ts";
import type { Finding } from "../lint/types.ts";
import { formatAction } from "../seccomp/index.ts";
import type { Because } from "../seccomp/types.ts";
import { dockerArch } from "../tables/index.ts";
import { exampleCall, profileChangeText, rulesText } from "./diff.ts";
import { escapeLine } from "./escape.ts";
import { markdownCell } from "./markdown.ts";

/** A profile that was changed, or whose recording was. */
export interface ReviewedProfile {
  readonly path: string;
  readonly state:
    | { readonly type: "unreadable"; readonly reason: string }
    | {
        readonly type: "added" | "changed" | "removed";
        readonly assessment: Assessment;
        /** Is the profile what its recording gives? `none`: it has no recording. */
        readonly source: "same" | "different" | "none" | "removed";
        /** Errors and warnings that were not there before. */
        readonly findings: readonly Finding[];
      };
}

export interface ReviewedRecording {
  readonly path: string;
  /** How many runs more than before. */
  readonly runs: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly unreadable: string | undefined;
}

export interface ReviewModel {
  /** The commit compared with. */
  readonly base: string;
  readonly ceilingName: string;
  readonly profiles: readonly ReviewedProfile[];
  readonly recordings: readonly ReviewedRecording[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** A review for a pull request's comment (markdown), a terminal (text) or a program (json). Markdown is at most `maxComment` characters long. */
export function renderReview(model: ReviewModel, view: { readonly format: "markdown" | "text" | "json"; readonly color: boolean }): string {
  if (view.format === "json") return `${stringify(model, undefined, 2)}\n`;
  const words = view.format === "markdown" ? markdown : terminal(view.color);
  if (view.format === "text") return document(model, words, Infinity);
  for (const rows of [200, 60, 20, 5, 1, headlinesOnly]) {
    const text = document(model, words, rows);
    if (text.length <= maxComment) return text;
  }
  return `${words.title("Seccomp profiles")}\n\n${model.profiles.length} profiles changed, more than fit into a comment. Run \`seccomp-gen review\` to see them.\n`;
}

/** GitHub's limit of a comment is 65,536 characters. */
const maxComment = 60_000;

const headlinesOnly = 0;

/** How one format says things. Everything that comes from a file goes through `value`. */
interface Words {
  readonly title: (text: string) => string;
  readonly heading: (text: string) => string;
  readonly value: (text: string) => string;
  readonly table: (openings: readonly Opening[]) => readonly string[];
  readonly folded: (summary: string, lines: readonly string[]) => readonly string[];
  readonly item: (text: string) => string;
}

/** At most `rows` lines of a table. */
function document(model: ReviewModel, words: Words, rows: number): string {
  const lines = [words.title("Seccomp profiles"), ""];
  if (model.profiles.length + model.recordings.length === 0) lines.push("No profile and no recording has changed.");
  for (const { path, state } of model.profiles) {
    lines.push(words.item(`${words.value(path)}: ${state.type === "unreadable" ? `cannot be read: ${words.value(state.reason)}` : headline(state)}`));
  }
  for (const { path, runs, added, removed, unreadable } of model.recordings) {
    const seen = [added.length === 0 ? "" : `newly seen: ${added.slice(0, 20).map(words.value).join(", ")}${added.length > 20 ? " …" : ""}`, removed.length === 0 ? "" : `no longer: ${removed.slice(0, 20).map(words.value).join(", ")}${removed.length > 20 ? " …" : ""}`].filter((text) => text !== "");
    lines.push(words.item(`${words.value(path)}: ${unreadable !== undefined ? `cannot be read: ${words.value(unreadable)}` : `${runs > 0 ? `${runs} more ways of recording; ` : ""}${seen.length === 0 ? "no other calls" : seen.join("; ")}`}`));
  }
  for (const { path, reason } of model.skipped) lines.push(words.item(`${words.value(path)}: not looked at, ${reason}`));
  if (rows === headlinesOnly) lines.push("", "The details are more than fit into a comment: `seccomp-gen review` shows them.");
  for (const { path, state } of rows === headlinesOnly ? [] : model.profiles) {
    if (state.type !== "unreadable") lines.push(...profileSection(path, state, words, rows));
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

/** So many ordinary calls have a line each. */
const maxOrdinary = 12;

type Readable = Exclude<ReviewedProfile["state"], { readonly type: "unreadable" }>;

function headline({ type, assessment, source, findings }: Readable): string {
  const { openings, closings, otherAnswers, profile, open } = assessment;
  const count = (number: number, one: string, more: string): string[] => (number === 0 ? [] : [`${number} ${number === 1 ? one : more}`]);
  const fresh = openings.filter(({ change }) => change.kind === "newly-allowed").length;
  const changes = [
    ...(fresh === 0 ? [] : [`+${fresh} ${fresh === 1 ? "syscall" : "syscalls"}`]),
    ...count(openings.length - fresh, "widened", "widened"),
    ...count(closings.length, "closed or narrowed", "closed or narrowed"),
    ...count(otherAnswers.length, "denied with another answer", "denied with other answers"),
    ...count(profile.length, "change of the whole profile", "changes of the whole profile"),
  ];
  const unbacked = openings.filter(({ backed }) => backed !== true).length;
  const beyond = openings.filter(({ beyondDocker }) => beyondDocker).length;
  return [
    type === "added" ? "new, compared with Docker's default" : type === "removed" ? "removed: Docker's default applies" : "",
    changes.length === 0 ? "every call gets the same answer as before" : changes.join(", "),
    open ? "what it does not name is now allowed" : beyond > 0 ? `${beyond} beyond Docker's default` : openings.length > 0 ? "still within Docker's default" : "",
    ...count(openings.filter(({ level }) => level === "danger").length, "dangerous", "dangerous"),
    source === "none" ? "it has no recording" : source === "different" ? (unbacked > 0 ? `${unbacked} not backed by the recording` : "it is not what its recording gives (seccomp-gen generate --all)") : "",
    ...count(findings.length, "new lint finding", "new lint findings"),
  ]
    .filter((text) => text !== "")
    .join("; ");
}

function profileSection(path: string, { assessment, findings }: Readable, words: Words, rows: number): readonly string[] {
  const { openings, closings, otherAnswers, profile } = assessment;
  const lines: string[] = [];
  if (profile.length > 0) lines.push(...profile.map((change) => words.item(words.value(profileChangeText(change)))), "");
  // Many ordinary ones say less than their names do.
  const ordinary = openings.filter(({ level }) => level === "ordinary");
  const shown = ordinary.length > maxOrdinary ? openings.filter(({ level }) => level !== "ordinary") : openings;
  if (shown.length > 0) lines.push(...words.table(shown.slice(0, rows)));
  if (shown.length > rows) lines.push("", `${shown.length - rows} more became possible: seccomp-gen review shows all of them.`);
  const names = (list: readonly { readonly syscall: string }[]): string => {
    const shown = list.slice(0, rows * 5).map(({ syscall }) => words.value(syscall));
    return `${shown.join(", ")}${list.length > shown.length ? `, and ${list.length - shown.length} more` : ""}`;
  };
  if (shown.length < openings.length) lines.push("", ...words.folded(`Also newly possible, ordinary calls (${ordinary.length})`, [names(ordinary.map(({ change }) => change))]));
  if (findings.length > 0) lines.push("", ...findings.slice(0, rows).map(({ severity, what, kind }) => words.item(`${severity}: ${words.value(what)} [${kind}]`)));
  if (closings.length > 0) lines.push("", ...words.folded(`No longer possible, or under narrower conditions (${closings.length})`, [names(closings)]));
  if (otherAnswers.length > 0) lines.push("", ...words.folded(`Denied with another answer (${otherAnswers.length})`, [names(otherAnswers)]));
  return lines.length === 0 ? [] : ["", words.heading(words.value(path)), "", ...lines];
}

const levelWords: { readonly [level in Level]: string } = { danger: "dangerous", notable: "look at it", ordinary: "ordinary" };

/** Syscall and what it exposes; why it is there; a call that was denied and is not now. */
function openingTexts({ change, level, exposes, because, backed, beyondDocker }: Opening, manyArches: boolean): { readonly what: string; readonly why: string; readonly rule: string; readonly example: string; readonly level: string } {
  const doubts = [backed === false ? "not in the recording" : "", beyondDocker ? "Docker's default denies it" : ""].filter((text) => text !== "");
  return {
    level: levelWords[level],
    what: `${change.syscall}${manyArches ? ` (${dockerArch(change.arch)})` : ""}${change.kind === "newly-allowed" ? "" : ", under wider conditions"}${exposes === undefined ? "" : `: ${exposes}`}`,
    why: [reasonText(because), ...doubts].join("; "),
    rule: `${rulesText(change.syscall, change.before)} → ${rulesText(change.syscall, change.after)}`,
    example: `${exampleCall(change)}: ${formatAction(change.was)} → ${formatAction(change.is)}`,
  };
}

function reasonText(because: Because | undefined): string {
  if (because === undefined) return "the default action allows it";
  return because.type === "profile" ? (because.comment ?? "the profile gives no reason") : because.type;
}

const markdown: Words = {
  title: (text) => `## ${text}`,
  heading: (text) => `### ${text}`,
  value: markdownCell,
  item: (text) => `- ${text}`,
  table: (openings) => [
    "| | became possible | why | for example |",
    "|---|---|---|---|",
    ...openings.map((opening) => {
      const { level, what, why, example } = openingTexts(opening, severalArches(openings));
      return `| ${opening.level === "danger" ? `**${level}**` : level} | ${markdownCell(what)} | ${markdownCell(clipped(why))} | ${markdownCell(example)} |`;
    }),
  ],
  folded: (summary, lines) => [`<details><summary>${summary}</summary>`, "", ...lines, "", "</details>"],
};

function terminal(color: boolean): Words {
  const paint = (code: number, words: string): string => (color ? `\u001b[${code}m${words}\u001b[0m` : words);
  const colors: { readonly [level in Level]: number } = { danger: 31, notable: 33, ordinary: 0 };
  return {
    title: (text) => text,
    heading: (text) => text,
    value: escapeLine,
    item: (text) => `  ${text}`,
    table: (openings) =>
      openings.flatMap((opening) => {
        const { level, what, why, rule, example } = openingTexts(opening, severalArches(openings));
        return [`  ${paint(colors[opening.level], `${level}: ${escapeLine(what)}`)}`, `    why:     ${escapeLine(why)}`, ...(opening.change.kind === "newly-allowed" && opening.change.after.every(({ rule: { conditions } }) => conditions.length === 0) ? [] : [`    rules:   ${escapeLine(rule)}`]), `    example: ${escapeLine(example)}`];
      }),
    folded: (summary, lines) => [`  ${summary}`, ...lines.map((line) => `    ${line}`)],
  };
}

function severalArches(openings: readonly Opening[]): boolean {
  return new Set(openings.map(({ change }) => change.arch)).size > 1;
}

function clipped(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
