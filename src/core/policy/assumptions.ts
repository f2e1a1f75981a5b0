import type { Recording } from "../recording/index.ts";
import { defaultCapabilities } from "../tables/index.ts";
import type { FloorContext } from "./floor.ts";
import type { ArgTier, Assumptions, BeyondDefault, FloorChoice, PolicyOptions } from "./types.ts";

/** At most this many capabilities are named. More are counted. */
const maxNamed = 8;

/** One assumption in words. A usual assumption has no words. */
interface Phrase {
  readonly write: (assumptions: Assumptions) => string | undefined;
  /** `undefined` if the text is another phrase. */
  readonly read: (text: string) => Partial<Assumptions> | undefined;
}

const runtimes: { readonly [floor in FloorChoice]: string } = {
  any: "runc or crun",
  runc: "runc",
  crun: "crun",
  "old-runc": "runc, also before 1.0.2, or crun",
};
const isTier = (text: string | undefined): text is ArgTier =>
  text === "none" || text === "standard" || text === "strict";

/** A yes or no in words. */
function flag(is: (assumptions: Assumptions) => boolean, text: string, meaning: Partial<Assumptions>): Phrase {
  return {
    write: (assumptions) => (is(assumptions) ? text : undefined),
    read: (said) => (said === text ? meaning : undefined),
  };
}

const someRuns = " (in some runs)";

const capabilities: Phrase = {
  write: ({ capabilities: beyond }) => {
    if (beyond === undefined) return undefined;
    const { more, inSomeRuns } = beyond;
    const names = typeof more === "number" ? `${more} capabilities more than Docker's default` : more.join(", ");
    return `with ${names}${inSomeRuns ? someRuns : ""}`;
  },
  read: (text) => {
    const inSomeRuns = text.endsWith(someRuns);
    const said = inSomeRuns ? text.slice(0, -someRuns.length) : text;
    const number = /^with (\d+) capabilities more than Docker's default$/.exec(said)?.[1];
    if (number !== undefined) return { capabilities: { more: Number(number), inSomeRuns } };
    const names = /^with (CAP_\w+(?:, CAP_\w+)*)$/.exec(said)?.[1];
    return names === undefined ? undefined : { capabilities: { more: names.split(", "), inSomeRuns } };
  },
};

/** The phrases, in the order in which the profile's comment gives them. No phrase can read the words of another. */
const phrases: readonly Phrase[] = [
  {
    write: ({ recording }) => `recording ${recording}`,
    read: (text) => (text.startsWith("recording ") ? { recording: text.slice("recording ".length) } : undefined),
  },
  {
    write: ({ inputs }) => (inputs === undefined ? undefined : `inputs ${inputs}`),
    read: (text) => {
      const inputs = /^inputs ([0-9a-f]{12})$/.exec(text)?.[1];
      return inputs === undefined ? undefined : { inputs };
    },
  },
  flag(({ noNewPrivileges }) => noNewPrivileges, "no-new-privileges", { noNewPrivileges: true }),
  flag(({ noNewPrivileges }) => !noNewPrivileges, "with or without no-new-privileges", { noNewPrivileges: false }),
  flag(({ init }) => init, "with --init", { init: true }),
  ...(["any", "runc", "crun", "old-runc"] as const).map((choice) =>
    flag(({ floor }) => floor === choice, `runtime ${runtimes[choice]}`, { floor: choice }),
  ),
  {
    write: ({ args }) => `arguments ${args}`,
    read: (text) => {
      const tier = /^arguments (\w+)$/.exec(text)?.[1];
      return isTier(tier) ? { args: tier } : undefined;
    },
  },
  capabilities,
  flag(({ exact }) => exact, "exact: no companions", { exact: true }),
  flag(({ reach }) => !reach, "nothing because of code", { reach: false }),
  flag(({ mode }) => mode === "complain", "COMPLAIN MODE: denies nothing that Docker's default allows, and logs it", {
    mode: "complain",
  }),
];

/** Stands between the phrases and the ceiling. The ceiling's name may hold any text. */
const ceilingMark = "; at most ";

/** The assumptions, on one line. */
export function writeAssumptions(assumptions: Assumptions): string {
  const said = phrases.flatMap(({ write }) => write(assumptions) ?? []);
  return `${said.join("; ")}${ceilingMark}${assumptions.ceiling}`;
}

/** Reads what `writeAssumptions` wrote. `undefined` for any other text. */
export function readAssumptions(text: string): Assumptions | undefined {
  const mark = text.indexOf(ceilingMark);
  if (mark < 0) return undefined;
  const said = text
    .slice(0, mark)
    .split("; ")
    .map((phrase) => phrases.map(({ read }) => read(phrase)).find((meaning) => meaning !== undefined));
  if (said.some((meaning) => meaning === undefined)) return undefined;
  const { recording, noNewPrivileges, floor, args, ...others } = Object.assign({}, ...said) as Partial<Assumptions>;
  if (recording === undefined || noNewPrivileges === undefined || floor === undefined || args === undefined)
    return undefined;
  return {
    recording,
    noNewPrivileges,
    init: false,
    floor,
    args,
    capabilities: undefined,
    exact: false,
    reach: true,
    mode: "enforce",
    ...others,
    ceiling: text.slice(mark + ceilingMark.length),
  };
}

/** The assumptions of a policy with these options. */
export function assumptionsOf(
  recording: Recording,
  { floor, args, exact, reach, ceilingName }: PolicyOptions,
  { noNewPrivileges }: FloorContext,
): Assumptions {
  return {
    recording: recording.name,
    noNewPrivileges,
    init: recording.runs.some((run) => run.init === true),
    floor,
    args,
    capabilities: capabilitiesBeyond(recording),
    exact,
    // `exact` already says that code adds nothing, so that needs no phrase of its own.
    reach: reach || exact,
    mode: "enforce",
    ceiling: ceilingName,
  };
}

function capabilitiesBeyond({ runs }: Recording): BeyondDefault | undefined {
  const beyond = [...new Set(runs.flatMap((run) => run.capabilities ?? []))]
    .filter((name) => !defaultCapabilities.includes(name))
    .sort();
  if (beyond.length === 0) return undefined;
  return {
    more: beyond.length > maxNamed ? beyond.length : beyond,
    inSomeRuns: runs.some((run) => beyond.some((name) => run.capabilities?.includes(name) !== true)),
  };
}
