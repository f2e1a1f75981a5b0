import type { Opening } from "../core/judgement/index.ts";
import { backingLine, exampleLine, groupOpenings, levelWords, openingLine, reasonLine } from "./review-words.ts";
import type { ScmpArch } from "../core/tables/index.ts";
import type { Line } from "./page.ts";
import { escapeLine } from "../core/text/index.ts";
import { changesElsewhere, wholeChanges, type WholeChange } from "./review-whole.ts";
import type { JudgedProfile, Place, ReviewModel } from "./review-model.ts";

/** A finding in a file. A code scanning service shows it beside its line. */
export interface ReviewFinding {
  readonly rule:
    "newly-possible" | "changed-profile" | "possible-elsewhere" | "unbacked-profile" | "unreadable-profile";
  readonly weight: Opening["level"];
  readonly text: string;
  readonly file: string;
  readonly place: Place;
  readonly pointer: string;
  /** A key for the finding that unrelated changes do not alter. */
  readonly about: string;
}

export const reviewRules = [
  {
    id: "newly-possible",
    title: "A call became possible",
    why: "The profile allows a call, or arguments of a call, that it denied before.",
    todo:
      "Ask what needs it. If a recording backs it, and it is neither dangerous nor beyond Docker's " +
      "default, it is most likely fine.",
  },
  {
    id: "changed-profile",
    title: "A change that concerns all calls",
    why: "The default action, the flags, the agent or the architectures decide on calls that no rule names.",
    todo: "Ask what needs it. Under NO FILTER AT ALL, engines switch seccomp off.",
  },
  {
    id: "possible-elsewhere",
    title: "A call became possible on other hosts",
    why: "Includes and excludes let rules apply with other capabilities, kernels, architectures or engines.",
    todo: "Remove the rule, or give it the condition that Docker's default has for this call.",
  },
  {
    id: "unbacked-profile",
    title: "A profile that does not match its recording",
    why:
      "The profile was edited, is older than its recording or options, or has no recording. It may allow " +
      "calls that the application does not need.",
    todo:
      "Record the workload that needs it (seccomp-gen record --append), or regenerate the profile: " +
      "seccomp-gen generate --all.",
  },
  {
    id: "unreadable-profile",
    title: "A profile that cannot be read",
    why: "No engine accepts this file, and nobody can review it.",
    todo: "Correct it, or regenerate it: seccomp-gen generate --all.",
  },
] as const;

/** What a review says about single lines. */
export function findingsOf({ profiles, skipped }: ReviewModel): readonly ReviewFinding[] {
  const top = { line: 1, column: 1 };
  return [
    ...skipped
      .filter(({ alarming }) => alarming)
      .map(({ path, reason }): ReviewFinding => ({
        rule: "unreadable-profile",
        weight: "danger",
        text: `not looked at: ${reason}`,
        file: path,
        place: top,
        pointer: "",
        about: "skipped",
      })),
    ...profiles.flatMap(({ file, state }): readonly ReviewFinding[] => {
      if (state.type === "unreadable")
        return [
          {
            rule: "unreadable-profile",
            weight: "danger",
            text: state.reason,
            file,
            place: top,
            pointer: "",
            about: "unreadable",
          },
        ];
      const unbacked: readonly ReviewFinding[] = state.failures.includes("unbacked")
        ? [
            {
              rule: "unbacked-profile",
              weight: "danger",
              text:
                state.source === "lost"
                  ? "its recording is gone"
                  : "it does not match its recording with the options as they were",
              file,
              place: top,
              pointer: "",
              about: "unbacked",
            },
          ]
        : [];
      const about =
        (rule: "changed-profile" | "possible-elsewhere") =>
        (change: WholeChange): ReviewFinding => ({
          ...{ rule, file, place: top, pointer: "" },
          ...{ weight: change.weight, about: change.about, text: plain(change.line) },
        });
      return [
        ...unbacked,
        ...wholeChanges(state).map(about("changed-profile")),
        ...changesElsewhere(state).map(about("possible-elsewhere")),
        ...groupOpenings(state.assessment.openings, state).map(({ opening, arches }) =>
          openingFinding(file, state, {
            opening,
            arches,
            place: state.places[state.assessment.openings.indexOf(opening)] ?? top,
          }),
        ),
      ];
    }),
  ].map((finding) => ({ ...finding, text: escapeLine(finding.text) }));
}

/** One finding for a change, however many architectures it affects. */
function openingFinding(
  file: string,
  state: JudgedProfile,
  {
    opening,
    arches,
    place,
  }: { readonly opening: Opening; readonly arches: readonly ScmpArch[]; readonly place: Place },
): ReviewFinding {
  const { claim, change } = opening;
  const text =
    `${levelWords[opening.level]}: ${plain(openingLine(opening, arches))}; ${plain(backingLine(opening))}: ` +
    `${plain(reasonLine(opening, state))}; for example ${plain(exampleLine(opening))}`;
  return {
    rule: "newly-possible",
    weight: opening.level,
    text,
    file,
    place,
    pointer: claim?.type === "profile" ? claim.pointer : "",
    about: `${change.arch} ${change.syscall} ${change.kind}`,
  };
}

function plain(line: Line): string {
  return line.map((span) => (typeof span === "string" ? span : "strong" in span ? span.strong : span.data)).join("");
}

/**
 * The lint findings that the openings do not already name. Openings name dangerous calls, and calls beyond Docker's
 * default.
 */
export function otherFindings({ assessment, findings }: JudgedProfile): JudgedProfile["findings"] {
  const told = new Set(assessment.openings.map(({ change }) => change.syscall));
  return findings.filter(
    ({ kind, names }) =>
      !((kind === "dangerous-call" || kind === "beyond-docker") && names.every((name) => told.has(name))),
  );
}
