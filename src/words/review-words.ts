import type { Level, Opening } from "../core/judgement/index.ts";
import type { Run } from "../core/recording/index.ts";
import { callWords, formatAction, valueWords, type Because } from "../core/seccomp/index.ts";
import { describeValue, dockerArch, type ScmpArch } from "../core/tables/index.ts";
import { codeAnswerWords } from "./code-words.ts";
import { openedText } from "./diff.ts";
import type { Line, Span } from "./page.ts";
import type { JudgedProfile, RecordingDoubt } from "./review-model.ts";

export const levelWords: { readonly [level in Level]: string } = {
  danger: "dangerous",
  notable: "look at it",
  ordinary: "ordinary",
};

/**
 * Joins openings that differ only in the architecture, because a reader sees them as one. The first opening stands for
 * all.
 */
export function groupOpenings(
  openings: readonly Opening[],
  state: JudgedProfile,
): readonly { readonly opening: Opening; readonly arches: readonly ScmpArch[] }[] {
  const groups = new Map<string, { readonly opening: Opening; readonly arches: ScmpArch[] }>();
  for (const opening of openings) {
    const { change, level, beyondDocker } = opening;
    const key = JSON.stringify([
      change.syscall,
      change.kind === "newly-allowed",
      level,
      beyondDocker,
      openedCall(opening),
      backingWord(opening),
      reasonLine(opening, state),
    ]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { opening, arches: [change.arch] });
    else known.arches.push(change.arch);
  }
  return [...groups.values()];
}

/** The architecture of the host that a profile is judged for. */
export function nativeOf({ assessment: { diff } }: JudgedProfile): ScmpArch | undefined {
  const [native] = [...Object.keys(diff.allowedBefore), ...Object.keys(diff.allowedAfter)];
  return native as ScmpArch | undefined;
}

/** Names the architectures, such as ` (x86)`, if the host's own is not among them. Otherwise returns nothing. */
export function onlyOn(arches: readonly ScmpArch[], native: ScmpArch | undefined): string {
  return native === undefined || arches.includes(native) ? "" : ` (${arches.map(dockerArch).join(", ")})`;
}

/** At most this many values of a call are named. */
const shownValues = 3;

/** The call, with its new arguments: `bpf`, `socket(AF_PACKET or AF_VSOCK)`. */
export function openedCall({ change, values, made }: Opening): string {
  if (values.length === 0) {
    // If the call was possible before, its example shows which arguments are new.
    const { arch, args } = change.witness;
    const named = args.flatMap((value, index) =>
      value === 0n || made?.some((known) => known === index) === false
        ? []
        : (describeValue(change.syscall, index, value, arch) ?? []),
    );
    const isNew = change.kind === "newly-allowed";
    return isNew || named.length === 0 ? change.syscall : `${change.syscall}(${named.join(", ")})`;
  }
  const words = values.map(({ index, value }) => valueWords(change.syscall, index, value, change.arch));
  const shown = words.length > shownValues + 1 ? words.slice(0, shownValues) : words;
  const rest = words.length - shown.length;
  const more = rest === 0 ? "" : ` or ${rest} more values`;
  return `${change.syscall}(${shown.join(rest === 0 ? " or " : ", ")}${more})`;
}

/** What became possible, and what that exposes. */
export function openingLine(opening: Opening, arches: readonly ScmpArch[]): Line {
  const { change, exposes, values } = opening;
  const isWider = change.kind !== "newly-allowed";
  const call = openedCall(opening);
  const parts = [
    !isWider
      ? ""
      : values.length > 0
        ? " too"
        : call === change.syscall
          ? " with more arguments"
          : " and more arguments",
    arches.join() === "SCMP_ARCH_X86_64" ? "" : ` (${arches.map(dockerArch).join(", ")})`,
    exposes === undefined ? "" : `: ${exposes}`,
    change.opened.length === 0 ? "" : `; ${openedText(change)}`,
  ];
  return [{ data: clipped(call, 200) }, parts.join("")];
}

/** Says in a few words whether a recording backs the change. */
export function backingLine(opening: Opening): Line {
  const word = backingWord(opening);
  return word.startsWith("not ") || word.startsWith("no ") ? [{ strong: word }] : [word];
}

/** What backs the change, in up to three words. */
export function backingWord({ backing }: Opening): string {
  if (backing.type === "nothing") return "not recorded";
  if (backing.type === "no-recording") return "no recording";
  if (backing.because.type === "user") return "not recorded";
  if (backing.type === "options") return "only by options";
  return derivedWords[backing.because.type];
}

/** Words for the reasons that come from a recording. */
const derivedWords: { readonly [type in Exclude<Because["type"], "user">]: string } = {
  observed: "recorded",
  floor: "the runtime's",
  companion: "goes with it",
  code: "in the code",
  fallback: "goes with it",
  profile: "not recorded",
};

/** Why the rule is there. The reason comes from the recording, never from the profile's own words. */
export function reasonLine(opening: Opening, state: JudgedProfile): Line {
  return [...whyLine(opening, state), ...codeLine(opening, state)];
}

/** Can the programs' code make a call that is allowed for another reason? */
function codeLine(opening: Opening, { type, assessment, inCode }: JudgedProfile): Line {
  const answer = inCode[assessment.openings.indexOf(opening)];
  const { backing } = opening;
  if (answer === undefined || type === "removed") return [];
  if ("because" in backing && backing.because.type === "code") return [];
  return ["; ", { data: clipped(codeAnswerWords(answer), 160) }];
}

function whyLine(
  { backing, claim, beyondDocker, byClaims }: Opening,
  { type, recording, newRuns }: JudgedProfile,
): Line {
  const beyond: readonly Span[] = [
    ...(byClaims
      ? [
          "; ",
          {
            strong:
              "allowed only because the recording now names other capabilities, engines, architectures or " +
              "security options",
          },
        ]
      : []),
    ...(beyondDocker && !byClaims ? ["; ", { strong: "Docker's default denies it" }] : []),
  ];
  if (type === "removed") return ["the profile is removed"];
  switch (backing.type) {
    case "recording":
      return [...becauseLine(backing.because, backing.fresh ? newRuns.length : undefined), ...beyond];
    case "options":
      return [
        ...becauseLine(backing.because, undefined),
        ", ",
        { strong: "only because the options changed" },
        ...(recording === undefined ? [] : [" (", { data: recording.replace(/recording\.json$/, "policy.json") }, ")"]),
        ...beyond,
      ];
    case "nothing":
      return [
        backing.others
          ? "its recording gives this call only with other arguments"
          : "its recording does not have this call",
        ...claimLine(claim),
        ...beyond,
      ];
    case "no-recording":
      // The column before this one already says that there is no recording.
      return withoutSign([...claimLine(claim), ...beyond]);
    default:
      return backing satisfies never;
  }
}

function withoutSign([first = "", ...others]: Line): Line {
  return typeof first === "string"
    ? [first.replace(/^; /, ""), ...others].filter((span) => span !== "")
    : [first, ...others];
}

function claimLine(claim: Because | undefined): Line {
  if (claim === undefined) return ["; the default action allows it"];
  return claim.type !== "profile" || claim.comment === undefined || claim.comment === ""
    ? []
    : ["; the profile's own comment says ", { data: clipped(claim.comment, 120) }];
}

/** `newRuns` is the number of new runs. It is `undefined` if the earlier recording already had the call. */
function becauseLine(because: Because, newRuns: number | undefined): Line {
  switch (because.type) {
    case "observed": {
      const { processes } = because;
      const when =
        newRuns === undefined
          ? "in an earlier run"
          : newRuns === 1
            ? "in the new run"
            : newRuns === 0
              ? "for the first time, but no run is new"
              : `in one of the ${newRuns} new runs`;
      return [
        `${when}, by `,
        { data: clipped(processes.slice(0, 4).join(", "), 80) },
        processes.length > 4 ? ` and ${processes.length - 4} more programs` : "",
        ...(because.unpinned === undefined ? [] : [`; with any arguments, because ${because.unpinned}`]),
      ];
    }
    case "floor":
      return [`the container runtime needs it: ${because.reason}`];
    case "code":
      return [
        "not recorded; ordinary, and the code of ",
        { data: clipped(because.program, 80) },
        because.ran ? " can make it: " : ", which did not run, can make it: ",
        { data: clipped(because.how, 120) },
      ];
    case "companion":
      return [`goes with what was recorded: ${because.reason}`];
    case "fallback":
      return [because.reason];
    case "user":
      return [`never recorded; added with ${because.option}`];
    case "profile":
      return [{ data: clipped(because.comment ?? "", 120) }];
    default:
      return because satisfies never;
  }
}

/** Words for runs that no container command started. */
const sourceWords: { readonly [source in Run["source"]]: string | undefined } = {
  log: "a strace log",
  host: "a program on a host, outside of any container",
  audit: "the kernel's log",
  container: undefined,
  verify: undefined,
};

/** How a run was started. */
export function runLine({ source, command, image, versions }: Run): Line {
  const other = sourceWords[source];
  if (other !== undefined) return [other];
  const started: Line = [{ data: clipped(command.join(" "), 120) }];
  return [
    ...started,
    ...(image === undefined ? [] : [" of ", { data: clipped(`${image.reference}@${image.digest.slice(0, 19)}`, 120) }]),
    ...(versions.engine === undefined ? [] : [" under engine ", { data: clipped(versions.engine, 40) }]),
  ];
}

/**
 * A call that was denied and is not any more. For a recorded call, the example has only recorded arguments. With other
 * arguments, it would be a call that no program made.
 */
export function exampleLine({ change, made }: Opening): Line {
  const { arch, name, args } = change.witness;
  const tellsNothing = args.every((value) => value === 0n) && describeValue(name, 0, 0n, arch) === undefined;
  return [
    { data: callWords(change.witness, made ?? (tellsNothing ? [] : undefined)) },
    `: ${formatAction(change.was)} before, now ` +
      `${change.is.action === "SCMP_ACT_ALLOW" ? "allowed" : formatAction(change.is)}`,
  ];
}

export const doubtWords: { readonly [doubt in RecordingDoubt]: string } = {
  "no-new-run": "it has new calls but no new run: it was recorded again in the same way, or edited by hand",
  "not-canonical": "seccomp-gen writes it in another way: a person or another tool edited it",
  cut: "the trace of a new run broke off, so calls may be missing",
};

/** Cuts a text that is too long, and marks the cut. */
export function clipped(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
