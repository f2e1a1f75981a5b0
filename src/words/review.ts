import { elsewhereByHost, type Elsewhere, type SyscallChange } from "../core/diff/index.ts";
import { isDangerousElsewhere, isOrdinaryElsewhere, type Opening } from "../core/judgement/index.ts";
import type { CodeCoverage } from "../core/recording/index.ts";
import { noFilterText } from "../core/profile/index.ts";
import { callArgs, callWords, formatAction } from "../core/seccomp/index.ts";
import type { ScmpArch } from "../core/tables/index.ts";
import { jsonText } from "../core/text/index.ts";
import { coverageWords, openWords, unseenWords } from "./code-words.ts";
import { answersText, exampleCall, rulesText } from "./diff.ts";
import { documentVersion } from "./document-version.ts";
import { findingText } from "./lint-words.ts";
import { findingDocument, type PlacedFinding } from "./lint.ts";
import type { Layout } from "./long-text.ts";
import type { Block, Line, Span } from "./page.ts";
import { pageToHtml } from "./page-html.ts";
import { pageToMarkdown } from "./page-markdown.ts";
import { pageToText } from "./page-text.ts";
import { reviewToCodeClimate } from "./review-codeclimate.ts";
import { otherFindings } from "./review-findings.ts";
import type {
  Authorship,
  FailureKind,
  JudgedProfile,
  OtherArguments,
  ReviewFormat,
  ReviewModel,
  ReviewedProfile,
  ReviewedRecording,
} from "./review-model.ts";
import { keepsLine, mayNowLine } from "./review-verdict.ts";
import { changesElsewhere, wholeChanges, type WholeChange } from "./review-whole.ts";
import { reviewToSarif } from "./review-sarif.ts";
import {
  backingLine,
  clipped,
  doubtWords,
  exampleLine,
  groupOpenings,
  levelWords,
  nativeOf,
  onlyOn,
  openingLine,
  reasonLine,
  runLine,
  backingWord,
} from "./review-words.ts";

export interface ReviewView extends Layout {
  readonly format: ReviewFormat;
  /** This program's version, for SARIF. */
  readonly version: string;
}

/**
 * A review for a pull request's comment (markdown), a terminal (text), a browser (html), code scanning (sarif,
 * codeclimate) or a program (json). Markdown has at most `maxComment` characters.
 */
export function renderReview(model: ReviewModel, view: ReviewView): string {
  switch (view.format) {
    case "json":
      return jsonText(modelDocument(model));
    case "sarif":
      return reviewToSarif(model, view.version);
    case "codeclimate":
      return reviewToCodeClimate(model);
    case "text":
      return pageToText(page(model, everything), view, "--all shows all of it, and --format html makes a page.");
    case "html":
      return pageToHtml(page(model, everything), "Seccomp profiles: review");
    case "markdown":
      return comment(model);
    default:
      return view.format satisfies never;
  }
}

/** A review as programs read it, with its findings in words. */
function modelDocument(model: ReviewModel): object {
  const profiles = model.profiles.map((profile) =>
    profile.state.type === "unreadable"
      ? profile
      : { ...profile, state: { ...profile.state, findings: profile.state.findings.map(findingDocument) } },
  );
  return { version: documentVersion, ...model, profiles };
}

/** GitHub allows a comment of 65,536 characters. A marker and a line about the author need some of them. */
const maxComment = 64_000;

/** How much is shown: files in the overview, profiles with a section of their own, and the rows and names of each. */
interface Limits {
  readonly files: number;
  readonly sections: number;
  readonly rows: number;
}

const everything: Limits = { files: Infinity, sections: Infinity, rows: Infinity };

/** Fewer details with each step, until the comment fits. */
const steps: readonly Limits[] = [
  everything,
  { files: 500, sections: 200, rows: 60 },
  { files: 200, sections: 60, rows: 20 },
  { files: 100, sections: 30, rows: 8 },
  { files: 60, sections: 20, rows: 3 },
  { files: 40, sections: 8, rows: 3 },
  { files: 20, sections: 0, rows: 0 },
];

function comment(model: ReviewModel): string {
  for (const limits of steps) {
    const text = pageToMarkdown(page(model, limits));
    if (text.length <= maxComment) return text;
  }
  return pageToMarkdown([
    title,
    verdict(model),
    { type: "paragraph", line: ["The details do not fit into a comment. seccomp-gen review shows them."] },
  ]);
}

const title: Block = { type: "title", line: ["Seccomp profiles"] };

/** Most dangerous first, so that a cut takes the least dangerous. */
function page(model: ReviewModel, limits: Limits): readonly Block[] {
  const profiles = [...model.profiles].sort((a, b) => alarm(b) - alarm(a) || (a.path < b.path ? -1 : 1));
  const groups = groupEqual(profiles);
  const alarming = model.skipped.filter((file) => file.alarming);
  const overview = [
    ...alarming.map(({ path, reason }): Line => [{ strong: "not looked at" }, ": ", data(path), `: ${reason}`]),
    ...groups.map(headline),
    ...model.options.map(({ path, before, after }): Line => [
      "options changed in ",
      data(path),
      ": ",
      data(before),
      " → ",
      data(after),
    ]),
    ...groupRecordings(model.recordings).map(([first, paths]) => recordingLine(first, paths, model.ceilingName)),
    ...model.skipped
      .filter((file) => !file.alarming)
      .map(({ path, reason }): Line => [data(path), `: not looked at, ${reason}`]),
  ];
  const judged = groups.flatMap(({ profiles: [first], paths }) =>
    first === undefined || first.state.type === "unreadable" ? [] : [{ paths, state: first.state }],
  );
  const sections = judged.slice(0, limits.sections).flatMap(({ paths, state }) => section(paths, state, limits));
  const cut =
    overview.length > limits.files ||
    judged.length > limits.sections ||
    (limits.rows < Infinity && judged.some(({ state }) => state.assessment.openings.length > limits.rows));
  return [
    title,
    verdict(model),
    ...(overview.length === 0 ? [] : [{ type: "list", items: overview.slice(0, limits.files) } as const]),
    ...(cut
      ? [
          {
            type: "paragraph",
            line: [
              { strong: "Cut" },
              ": this change does not fit into a comment. The most dangerous comes first; " +
                `${Math.max(0, overview.length - limits.files)} files, ` +
                `${Math.max(0, judged.length - limits.sections)} profiles' details and the ends of long tables ` +
                `are left out. seccomp-gen review ${model.base.slice(0, 12)} --format text --all shows all of it.`,
            ],
          } as const,
        ]
      : []),
    ...sections,
    ...(model.stops.length === 0
      ? []
      : [
          { type: "heading", line: ["To pass the check"] } as const,
          { type: "list", items: model.stops.map((kind): Line => [stopWords[kind].todo]) } as const,
        ]),
  ];
}

/** How urgent a profile is. */
function alarm({ state }: ReviewedProfile): number {
  if (state.type === "unreadable") return 1e6;
  const { assessment, failures } = state;
  const count = (level: Opening["level"]): number =>
    assessment.openings.filter((opening) => opening.level === level).length;
  return (
    (assessment.open || assessment.profile.some(({ kind }) => kind === "no-filter") ? 1e5 : 0) +
    Math.min(count("danger"), 99) * 1000 +
    Math.min(failures.length, 9) * 100 +
    Math.min(count("notable") * 10 + count("ordinary"), 99)
  );
}

/** What is wrong, and what to do about it. */
const stopWords: { readonly [kind in FailureKind]: { readonly what: string; readonly todo: string } } = {
  dangerous: {
    what: "something dangerous became possible",
    todo:
      "Merge only if the application cannot do without the calls marked dangerous, and somebody who knows " +
      "the application says so.",
  },
  "beyond-docker": {
    what: "something exceeds Docker's default",
    todo:
      "Docker's default denies these calls to every container. Run without them, or say in the pull request " +
      "why this one needs them.",
  },
  unbacked: {
    what: "no recording backs a change",
    todo:
      "To undo edits by hand, run seccomp-gen generate --all. To undo a changed option, edit its policy.json. If the " +
      "application needs the call, record it: seccomp-gen record --append …",
  },
  widened: { what: "something became possible", todo: "Look at what became possible." },
  lint: { what: "lint has new findings", todo: "seccomp-gen lint says what to do about each kind." },
  any: {
    what: "a file could not be read or judged",
    todo: "Correct the file, or regenerate it: seccomp-gen generate --all.",
  },
};

/** Says in one sentence what a reader should do with the change, and then what the new profiles keep. */
function verdict(model: ReviewModel): Block {
  const keeps = keepsLine(model);
  return { type: "paragraph", line: [...verdictLine(model), ...(keeps.length === 0 ? [] : [" ", ...keeps])] };
}

function verdictLine({ profiles, recordings, options, skipped, stops }: ReviewModel): Line {
  if (profiles.length + recordings.length + options.length + skipped.filter(({ alarming }) => alarming).length === 0)
    return ["No profile and no recording has changed."];
  const openings = profiles.flatMap(({ state }) => (state.type === "unreadable" ? [] : state.assessment.openings));
  const [dangers = [], notables = [], ordinary = []] = (["danger", "notable", "ordinary"] as const).map((level) =>
    mayNowLine({ profiles }, level),
  );
  const elsewhere = mayNowLine({ profiles }, "elsewhere");
  const dangersElsewhere = mayNowLine({ profiles }, "danger-elsewhere");
  const worst = [dangers, dangersElsewhere, notables, ordinary, elsewhere].find((words) => words.length > 0) ?? [];
  if (stops.length > 0)
    return [
      ...(worst.length === 0 ? [{ strong: "Stop." }] : [{ strong: "Stop:" }, " ", ...worst, "."]),
      ` The check fails, because ${stops.map((kind) => stopWords[kind].what).join("; ")}.`,
    ];
  const serious = openings.filter(({ level }) => level === "danger").length;
  if (serious > 0)
    return [
      { strong: "Look at it:" },
      " ",
      ...dangers,
      `. ${plural(serious, "dangerous change", "dangerous changes")}, which this check accepts.`,
    ];
  const notable = openings.filter(({ level }) => level === "notable");
  const named = (isNew: boolean): number =>
    new Set(
      notable.filter(({ change }) => (change.kind === "newly-allowed") === isNew).map(({ change }) => change.syscall),
    ).size;
  const [calls, wider] = [named(true), named(false)];
  const words = [
    calls > 0 ? `${plural(calls, "call", "calls")} became possible that attackers can use` : "",
    wider > 0 ? `${plural(wider, "call", "calls")} may be made with arguments that were denied before` : "",
  ].filter((text) => text !== "");
  if (words.length > 0)
    return [{ strong: "Look at it:" }, " ", ...notables, `. Nothing dangerous, but ${words.join(", and ")}.`];
  const toSee = profiles.some(
    ({ state }) => state.type !== "unreadable" && state.elsewhere.some((one) => !isOrdinaryElsewhere(one)),
  );
  if (toSee)
    return [
      { strong: "Look at it:" },
      " ",
      ...elsewhere,
      ". Other capabilities, kernels or architectures are allowed more than before.",
    ];
  if (ordinary.length + elsewhere.length > 0)
    return [
      { strong: "Ordinary:" },
      " ",
      ...(ordinary.length > 0 ? ordinary : elsewhere),
      ". Attackers do not look for these calls, and Docker's default allows them.",
    ];
  return [{ strong: "Fine." }, " Nothing new became possible."];
}

function data(text: string): Span {
  return { data: clipped(text, 200) };
}

function plural(number: number, one: string, more: string): string {
  return `${number} ${number === 1 ? one : more}`;
}

/** Profiles that changed alike. */
interface Group {
  readonly profiles: readonly ReviewedProfile[];
  readonly paths: readonly string[];
}

/** Groups profiles that changed alike, for example through a new base image. */
function groupEqual(profiles: readonly ReviewedProfile[]): readonly Group[] {
  const groups = new Map<string, ReviewedProfile[]>();
  for (const profile of profiles) {
    const { path, formerPath, state } = profile;
    const key =
      state.type === "unreadable" || formerPath !== undefined
        ? path
        : JSON.stringify([summary(state), section([], state, everything)]);
    groups.set(key, [...(groups.get(key) ?? []), profile]);
  }
  return [...groups.values()].map((alike) => ({ profiles: alike, paths: alike.map(({ path }) => path) }));
}

function pathList(paths: readonly string[]): Line {
  const shown = paths.slice(0, 10).flatMap((path, at): Line => (at === 0 ? [data(path)] : [", ", data(path)]));
  return paths.length > 10 ? [...shown, ` and ${paths.length - 10} more`] : shown;
}

/** The profile's name is its file's name. */
function headline({ profiles: [first, ...others], paths }: Group): Line {
  if (first === undefined) return [];
  const { path, formerPath, state } = first;
  const name = path.replace(/^.*\//, "").replace(/\.json$/, "");
  if (others.length > 0 && state.type !== "unreadable")
    return [{ strong: `${paths.length} profiles alike` }, " (", ...pathList(paths), "): each ", summary(state)];
  const head: Line = [
    ...(/^[\w.-]{1,60}$/.test(name) ? [{ strong: name }, " (", data(path), ")"] : [data(path)]),
    ...(formerPath === undefined ? [] : [", renamed from ", data(formerPath)]),
    ": ",
  ];
  return state.type === "unreadable"
    ? [...head, { strong: "cannot be read" }, ": ", { data: clipped(state.reason, 300) }]
    : [...head, summary(state)];
}

function summary(state: JudgedProfile): string {
  const { type, assessment, elsewhere, closedElsewhere, source, keeps } = state;
  const { openings, closings, otherAnswers, profile, open, pretended } = assessment;
  const findings = otherFindings(state);
  const distinct = (list: readonly Opening[]): number => new Set(list.map(({ change }) => change.syscall)).size;
  const calls = (list: readonly SyscallChange[]): number => new Set(list.map(({ syscall }) => syscall)).size;
  const count = (number: number, one: string, more = one): string[] =>
    number === 0 ? [] : [plural(number, one, more)];
  const isFresh = ({ change }: Opening): boolean => change.kind === "newly-allowed";
  const fresh = distinct(openings.filter(isFresh));
  const changes = [
    ...(fresh === 0 ? [] : [`+${plural(fresh, "syscall", "syscalls")}`]),
    ...count(distinct(openings.filter((opening) => !isFresh(opening))), "syscall widened", "syscalls widened"),
    ...count(calls(closings), "syscall closed or narrowed", "syscalls closed or narrowed"),
    ...count(calls(otherAnswers), "denied with another answer", "denied with other answers"),
    ...count(profile.length, "change of the whole profile", "changes of the whole profile"),
  ];
  const unbacked = distinct(openings.filter(({ backing }) => backing.type === "nothing"));
  const byOptions = distinct(openings.filter(({ backing }) => backing.type === "options"));
  const beyond = distinct(openings.filter(({ beyondDocker }) => beyondDocker));
  const where = elsewhere.length + closedElsewhere.length > 0 ? " on the hosts it is judged for" : "";
  return [
    type === "added"
      ? "new, compared with Docker's default"
      : type === "removed"
        ? "removed: Docker's default applies"
        : "",
    changes.length === 0 ? `every call gets the same answer as before${where}` : changes.join(", "),
    ...profile.flatMap((change) =>
      change.kind === "no-filter" && change.side === "after" ? [noFilterText(change.noFilter)] : [],
    ),
    pretended.length > 0 ? `${calls(pretended)} denied calls claim to have succeeded` : "",
    elsewhere.length > 0 ? `+${elsewhere.length} possible elsewhere${ofThem(elsewhere)}` : "",
    closedElsewhere.length > 0 ? `${closedElsewhere.length} no longer possible elsewhere` : "",
    open
      ? "every call that no rule names is now allowed"
      : beyond > 0
        ? `${beyond} beyond Docker's default`
        : openings.length > 0
          ? "still within Docker's default"
          : "",
    ...count(distinct(openings.filter(({ level }) => level === "danger")), "dangerous"),
    keeps.length === 0
      ? ""
      : `keeps dangerous calls: ${keeps.slice(0, 12).join(", ")}` +
        (keeps.length > 12 ? ` and ${keeps.length - 12} more` : ""),
    ...count(unbacked, "change is not backed by a recording", "changes are not backed by a recording"),
    ...count(
      byOptions,
      "change comes from changed options, not from a recording",
      "changes come from changed options, not from a recording",
    ),
    source === "none"
      ? "it has no recording"
      : source === "lost"
        ? "its recording is gone"
        : source === "different" && unbacked === 0
          ? "it no longer matches its recording (seccomp-gen generate --all regenerates it)"
          : "",
    ...count(findings.length, "new lint finding", "new lint findings"),
  ]
    .filter((text) => text !== "")
    .join("; ");
}

function ofThem(elsewhere: JudgedProfile["elsewhere"]): string {
  const [dangerous, beyond] = [isDangerousElsewhere, (one: Elsewhere): boolean => one.beyondCeiling].map(
    (is) => elsewhere.filter(is).length,
  );
  const words = [
    dangerous === 0 ? "" : `${dangerous} dangerous`,
    beyond === 0 ? "" : `${beyond} beyond Docker's default`,
  ].filter((text) => text !== "");
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}

/** Who changed a recording, and in which commits. */
function authorsLine({ commits, uncommitted }: Authorship): readonly Line[] {
  const shown = commits.slice(0, 3);
  const by = shown.flatMap(({ id, author }, at): Line => [
    at === 0 ? "" : ", ",
    data(id),
    " by ",
    { data: clipped(author, 60) },
  ]);
  if (commits.length === 0) return uncommitted ? [["not committed yet"]] : [];
  return [
    [
      "changed in ",
      ...by,
      commits.length > shown.length ? ` and ${commits.length - shown.length} more commits` : "",
      uncommitted ? ", and since" : "",
    ],
  ];
}

/** Recordings that changed alike: the first, and the paths of all. */
function groupRecordings(
  recordings: readonly ReviewedRecording[],
): readonly (readonly [ReviewedRecording, readonly string[]])[] {
  const groups = new Map<string, { readonly first: ReviewedRecording; readonly paths: string[] }>();
  for (const recording of recordings) {
    const { path, formerPath, state, changedBy } = recording;
    const isOwn = state.type === "unreadable" || formerPath !== undefined;
    const key = isOwn ? path : jsonText([state, changedBy]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { first: recording, paths: [path] });
    else known.paths.push(path);
  }
  return [...groups.values()].map(({ first, paths }) => [first, paths]);
}

function recordingLine(
  { formerPath, changedBy, state }: ReviewedRecording,
  paths: readonly string[],
  ceilingName: string,
): Line {
  const head: Line = [
    ...pathList(paths),
    ...(formerPath === undefined ? [] : [", renamed from ", data(formerPath)]),
    ": ",
  ];
  if (state.type === "unreadable")
    return [...head, { strong: "cannot be read" }, ": ", { data: clipped(state.reason, 300) }];
  if (state.type === "removed") return [...head, "removed"];
  const {
    newRuns,
    goneRuns,
    added,
    removed,
    otherArguments,
    deniedByDocker,
    denied,
    capabilities,
    lostNoNewPrivileges,
    coverage,
    doubts,
  } = state;
  const listed = (words: string, names: readonly string[]): readonly Line[] =>
    names.length === 0
      ? []
      : [
          [
            `${words}: `,
            { data: names.slice(0, 20).join(", ") },
            names.length > 20 ? ` and ${names.length - 20} more` : "",
          ],
        ];
  const [only] = newRuns;
  const parts: readonly Line[] = [
    ...(state.type === "added" ? [["new"]] : []),
    ...authorsLine(changedBy),
    ...(newRuns.length === 1 && only !== undefined
      ? [["1 new run: ", ...runLine(only)]]
      : newRuns.length > 1
        ? [[`${newRuns.length} new runs`]]
        : []),
    ...(goneRuns === 0 ? [] : [[`${plural(goneRuns, "run is", "runs are")} gone`]]),
    ...(state.type === "added"
      ? []
      : [
          ...listed("newly seen", added),
          ...listed("with other arguments", otherArguments.map(otherArgumentsText)),
          ...listed("no longer seen", removed),
        ]),
    ...listed(`stays denied, because ${ceilingName} denies it`, deniedByDocker),
    ...listed("the profile still denies", denied),
    ...(capabilities.length === 0
      ? []
      : [
          [
            { strong: "recorded with capabilities that no former run had" },
            ", to which Docker's default allows more: ",
            { data: capabilities.slice(0, 10).join(", ") },
          ],
        ]),
    ...(lostNoNewPrivileges ? [["now also runs without no-new-privileges"]] : []),
    ...coverage.flatMap(coverageLine),
    ...doubts.map((doubt): Line => [doubtWords[doubt]]),
  ];
  return [
    ...head,
    ...(parts.length === 0
      ? ["the same calls from the same runs"]
      : parts.flatMap((part, at): Line => (at === 0 ? part : ["; ", ...part]))),
  ];
}

/** At most this many dangerous calls of the code are named. */
const mostDangers = 4;

/** How many of the code's possible calls were recorded, and which dangerous ones were not. */
function coverageLine(coverage: CodeCoverage): readonly Line[] {
  const dangers = unseenWords(coverage.unseen, mostDangers).find(([weight]) => weight === "dangerous");
  const open = openWords(coverage.open);
  return [
    [coverageWords(coverage)],
    ...(dangers === undefined
      ? []
      : [["in the code, never recorded, dangerous: ", { data: clipped(dangers[1], 300) }]]),
    ...(open === undefined ? [] : [["open: ", { data: clipped(open, 300) }]]),
  ];
}

/** `socket(AF_PACKET) by perl`. */
function otherArgumentsText({ arch, syscall, args, programs }: OtherArguments): string {
  const values = callArgs(Object.fromEntries(args.map(({ index, value }) => [index, value])));
  const call = callWords(
    { arch, name: syscall, nr: undefined, args: values },
    args.map(({ index }) => index),
  );
  const shown = programs.slice(0, 4).join(", ");
  const more = programs.length > 4 ? ` and ${programs.length - 4} more programs` : "";
  return shown === "" ? call : `${call} by ${shown}${more}`;
}

/** At most this many ordinary calls have a row each. More are listed by name. */
const maxOrdinary = 12;

function section(paths: readonly string[], state: JudgedProfile, limits: Limits): readonly Block[] {
  const { openings, closings, otherAnswers } = state.assessment;
  const ordinary = openings.filter(({ level }) => level === "ordinary");
  const hasMany = ordinary.length > maxOrdinary;
  const inTable = groupOpenings(hasMany ? openings.filter(({ level }) => level !== "ordinary") : openings, state).slice(
    0,
    limits.rows,
  );
  const native = nativeOf(state);
  const blocks: readonly Block[] = [
    ...aboutTheWhole(state, limits),
    ...openingsTable(inTable, state),
    ...findingsList(state, limits),
    ...(hasMany ? foldedOrdinary(ordinary, native, limits) : []),
    ...foldedRules(inTable.map(({ opening }) => opening.change)),
    ...foldedClosings(closings, native, limits),
    ...foldedElsewhere(state.closedElsewhere, limits),
    ...foldedNames("Denied as before, with another answer", otherAnswers, { native, limits, head: answersText }),
  ];
  return blocks.length === 0 ? [] : [{ type: "heading", line: pathList(paths) }, ...blocks];
}

/** Ordinary calls, grouped by what backs them, so that calls nobody recorded stand apart. */
function foldedOrdinary(ordinary: readonly Opening[], native: ScmpArch | undefined, limits: Limits): readonly Block[] {
  return [...new Set(ordinary.map(backingWord))].flatMap((word) =>
    foldedNames(
      `Also possible now, ordinary calls, ${word}`,
      ordinary.filter((opening) => backingWord(opening) === word).map(({ change }) => change),
      { native, limits },
    ),
  );
}

/** Changes that no call's row shows. */
function aboutTheWhole(state: JudgedProfile, { rows }: Limits): readonly Block[] {
  const items = (changes: readonly WholeChange[]): readonly Line[] => changes.map(({ line }) => line);
  const elsewhere = changesElsewhere(state).slice(0, rows);
  return [
    ...items(wholeChanges(state)).map((line): Block => ({ type: "paragraph", line })),
    ...(elsewhere.length === 0
      ? []
      : [
          {
            type: "paragraph",
            line: [{ strong: "Possible elsewhere" }, ", with other capabilities, kernels or architectures:"],
          } as const,
          {
            type: "list",
            items: items(elsewhere),
            urgent: elsewhere.filter(({ weight }) => weight === "danger").length,
          } as const,
        ]),
  ];
}

function openingsTable(groups: ReturnType<typeof groupOpenings>, state: JudgedProfile): readonly Block[] {
  if (groups.length === 0) return [];
  const rows = groups.map(({ opening, arches }) => ({
    weight: opening.level,
    cells: [
      [levelWords[opening.level]],
      openingLine(opening, arches),
      backingLine(opening),
      reasonLine(opening, state),
      exampleLine(opening),
    ],
  }));
  return [{ type: "table", head: ["danger", "now possible", "backing", "why", "for example"], rows }];
}

function findingsList(state: JudgedProfile, { rows }: Limits): readonly Block[] {
  const findings = otherFindings(state);
  if (findings.length === 0) return [];
  // Equal rules are shown once.
  const alike = new Map<string, { readonly finding: PlacedFinding; readonly text: string; readonly lines: number[] }>();
  for (const finding of findings) {
    const text = findingText(finding);
    const known = alike.get(`${finding.kind} ${text}`);
    if (known === undefined) alike.set(`${finding.kind} ${text}`, { finding, text, lines: [finding.line] });
    else known.lines.push(finding.line);
  }
  const items = [...alike.values()]
    .slice(0, rows)
    .map(({ finding, text, lines }): Line => [
      `lint ${finding.severity}: `,
      { data: clipped(text, 300) },
      lines.length === 1 ? "" : `, in ${lines.length} rules`,
      ` [${finding.kind}]`,
    ]);
  return [{ type: "list", items }];
}

/** The rules of calls whose arguments changed. Calls whose rules stayed are left out. */
function foldedRules(changes: readonly SyscallChange[]): readonly Block[] {
  const inRules = changes
    .filter(({ before, after }) => [...before, ...after].some(({ rule }) => rule.conditions.length > 0))
    .map(({ arch, syscall, before, after }) => ({
      syscall,
      was: rulesText(syscall, before, arch),
      is: rulesText(syscall, after, arch),
    }))
    .filter(({ was, is }) => was !== is);
  if (inRules.length === 0) return [];
  // The architectures of one machine mostly have the same rules.
  const distinct = [...new Map(inRules.map((row) => [JSON.stringify(row), row])).values()];
  const items = distinct.map(({ syscall, was, is }): Line => [
    { data: syscall },
    ": ",
    { data: clipped(was, 400) },
    " → ",
    { data: clipped(is, 400) },
  ]);
  return [
    { type: "folded", summary: `Rules before and after (${distinct.length})`, blocks: [{ type: "list", items }] },
  ];
}

/** What is no longer possible: the rules before and after, and a call that was allowed before. */
function foldedClosings(
  closings: readonly SyscallChange[],
  native: ScmpArch | undefined,
  limits: Limits,
): readonly Block[] {
  const first = closings.filter(({ syscall }, at) => closings.findIndex((other) => other.syscall === syscall) === at);
  // If a call's arguments matter, its rules say more than its name.
  const byArguments = [...first].sort((a, b) => Number(a.after.length === 0) - Number(b.after.length === 0));
  const shown = byArguments.slice(0, Math.min(maxOrdinary, limits.rows));
  if (shown.length === 0) return [];
  const arches = archesByCall(closings);
  const items = shown.map((change): Line => {
    const { syscall, before, after, arch, was, is } = change;
    const allows = before.length === 0 ? formatAction(was) : rulesText(syscall, before, arch);
    const now = after.length === 0 ? formatAction(is) : rulesText(syscall, after, arch);
    return [
      { data: syscall },
      `${onlyOn(arches.get(syscall) ?? [], native)}: `,
      { data: clipped(allows, 400) },
      " → ",
      { data: clipped(now, 400) },
      "; for example ",
      { data: exampleCall(change) },
      `: ${formatAction(was) === "allow" ? "allowed" : formatAction(was)} before, now ${formatAction(is)}`,
    ];
  });
  const unshown = new Set(byArguments.slice(shown.length).map(({ syscall }) => syscall));
  const rest = closings.filter(({ syscall }) => unshown.has(syscall));
  const others: readonly Block[] =
    rest.length === 0 ? [] : [{ type: "paragraph", line: ["Also: ", ...namesLine(rest, native, limits)] }];
  const summary = `No longer possible, or with fewer arguments (${first.length})`;
  return [{ type: "folded", summary, blocks: [{ type: "list", items }, ...others] }];
}

function foldedElsewhere(closed: readonly Elsewhere[], { rows }: Limits): readonly Block[] {
  if (closed.length === 0) return [];
  const items = elsewhereByHost(closed).map((words): Line => [{ data: clipped(words, 600) }]);
  return [
    {
      type: "folded",
      summary: `No longer possible elsewhere (${closed.length})`,
      blocks: [{ type: "list", items: items.slice(0, rows) }],
    },
  ];
}

interface NamesView {
  readonly native: ScmpArch | undefined;
  readonly limits: Limits;
  /** The text before the names of changes. Changes with the same text share a paragraph. */
  readonly head?: (change: SyscallChange) => string;
}

function foldedNames(
  words: string,
  changes: readonly SyscallChange[],
  { native, limits, head }: NamesView,
): readonly Block[] {
  if (changes.length === 0) return [];
  const headOf = (change: SyscallChange): string => (head === undefined ? "" : `${head(change)}: `);
  const blocks = [...new Set(changes.map(headOf))].map((first): Block => {
    const alike = changes.filter((change) => headOf(change) === first);
    return { type: "paragraph", line: [first, ...namesLine(alike, native, limits)] };
  });
  return [{ type: "folded", summary: `${words} (${new Set(changes.map(({ syscall }) => syscall)).size})`, blocks }];
}

/** `a, b; c, d (x86)`: calls that the host's own architecture does not have stand apart. */
function namesLine(changes: readonly SyscallChange[], native: ScmpArch | undefined, { rows }: Limits): Line {
  const arches = archesByCall(changes);
  const shown = [...arches].slice(0, rows * 10);
  const groups = new Map<string, string[]>();
  for (const [syscall, on] of shown) {
    const where = onlyOn(on, native);
    groups.set(where, [...(groups.get(where) ?? []), syscall]);
  }
  const more = arches.size > shown.length ? ` and ${arches.size - shown.length} more` : "";
  return [
    ...[...groups].flatMap(([where, names], at): Line => [at === 0 ? "" : "; ", { data: names.join(", ") }, where]),
    more,
  ];
}

function archesByCall(changes: readonly SyscallChange[]): ReadonlyMap<string, readonly ScmpArch[]> {
  const arches = new Map<string, ScmpArch[]>();
  for (const { syscall, arch } of changes) arches.set(syscall, [...(arches.get(syscall) ?? []), arch]);
  return arches;
}
