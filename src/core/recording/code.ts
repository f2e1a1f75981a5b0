import type { ScmpArch } from "../tables/index.ts";

/**
 * The calls that the code of the recorded programs can make. It is computed while the programs' files are there, and
 * kept so that a profile can be made without them. It is plain JSON, can be merged, and has no paths.
 */
export interface CodeEvidence {
  /** By base name of the executable, sorted. */
  readonly programs: { readonly [program: string]: ProgramFiles };
  /** The nearest way to each call, by architecture. */
  readonly calls: { readonly [arch in ScmpArch]?: { readonly [syscall: string]: CodeVia } };
  /**
   * The values that code passes for the arguments that choose among operations, each with the place that passes them.
   * They are grouped by architecture and call: `"arg0=16 arg1=524291 arg2=0": "__check_pf in libc.so.6"`. `*` stands
   * for a value that is no constant: it may be any. Absent if no call has such arguments.
   */
  readonly operations?: { readonly [arch in ScmpArch]?: { readonly [syscall: string]: Operations } };
}

/** The places, by the values that they pass. */
export type Operations = { readonly [values: string]: string };

/** The files of one program. */
export interface ProgramFiles {
  /**
   * Absent if it ran. `false` if it did not run, but the workload may start it on another day, as it may start a shell.
   */
  readonly ran?: false;
  /** The base name and build-id (if any) of each file whose code was read: `libc.so.6 51d2…`. Sorted. */
  readonly objects: readonly string[];
  /** Files whose code could not be read, with the reason. Sorted. The evidence may lack their calls. */
  readonly unread?: readonly string[];
  /** Places that make a call with an unknown number, as `object function`. Sorted. They may make any call. */
  readonly open?: readonly string[];
  /** Functions with which the program's own code starts programs (`execve`, `popen`, …). Sorted. */
  readonly starts?: readonly string[];
}

/**
 * How near a call is to the program, nearest first: in its own instructions, through few of its imports, through many,
 * through libraries only, through pointers in data only.
 */
export const codeRanks = ["own-code", "few-imports", "many-imports", "libraries", "pointers"] as const;
export type CodeRank = (typeof codeRanks)[number];

/** The way from a program to a call. */
export interface CodeVia {
  readonly program: string;
  readonly rank: CodeRank;
  /** Some of the program's imports that lead to it, sorted. */
  readonly imports?: readonly string[];
  /** Base name of the object whose code makes the call. */
  readonly object: string;
  /** The function of that object that makes the call. */
  readonly function: string;
}

/** What the evidence says about one call. */
export type CodeAnswer =
  | { readonly type: "in"; readonly via: CodeVia; readonly ran: boolean }
  /** All code was read, and no code makes the call. */
  | { readonly type: "not-in" }
  /** No code that was read makes it. These places may make any call, or were not read. */
  | { readonly type: "open"; readonly places: readonly string[] };

/** Can the code make the call? `undefined` if no code of this architecture was read. */
export function codeAnswer(code: CodeEvidence | undefined, arch: ScmpArch, syscall: string): CodeAnswer | undefined {
  const calls = code?.calls[arch];
  if (code === undefined || calls === undefined) return undefined;
  const via = ownValue(calls, syscall);
  if (via !== undefined) return { type: "in", via, ran: code.programs[via.program]?.ran !== false };
  const places = openPlaces(code);
  return places.length === 0 ? { type: "not-in" } : { type: "open", places };
}

/** The limits of the evidence: places with an unknown number, and files that could not be read. */
export function openPlaces({ programs }: CodeEvidence): readonly string[] {
  return Object.entries(programs).flatMap(([program, { ran, open = [], unread = [] }]) =>
    ran === false ? [] : [...open, ...unread].map((place) => `${program}: ${place}`),
  );
}

/** The values that code passes at one place. */
export interface CodeOperation {
  /** Values of 32 bits by argument, counted from 0. `undefined` if it is no constant: it may be any value. */
  readonly values: ReadonlyMap<number, bigint | undefined>;
  /** `__check_pf in libc.so.6` */
  readonly place: string;
}

/** The operations of a call that the code can reach. */
export function operationsOf(
  code: CodeEvidence | undefined,
  arch: ScmpArch,
  syscall: string,
): readonly CodeOperation[] {
  const operations = ownValue(code?.operations?.[arch], syscall) ?? {};
  return Object.entries(operations).map(([key, place]) => ({ values: operationValues(key), place }));
}

function operationValues(key: string): CodeOperation["values"] {
  return new Map(
    [...key.matchAll(/arg([0-5])=([0-9]+|\*)/g)].map(([, index, value = "*"]) => [
      Number(index),
      value === "*" ? undefined : BigInt(value),
    ]),
  );
}

/** The key of an operation: `arg1=1 arg2=*`. */
export function operationKey(indices: readonly number[], values: readonly (number | undefined)[]): string {
  return indices.map((index, i) => `arg${index}=${values[i] ?? "*"}`).join(" ");
}

/**
 * Joins two pieces of evidence: all files, and the nearest way to each call. Associative, commutative and idempotent.
 * `undefined` if there is none.
 */
export function mergeCode(a: CodeEvidence | undefined, b: CodeEvidence | undefined): CodeEvidence | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const programs = mergeByKey(a.programs, b.programs, mergeFiles);
  const isRun = (program: string): boolean => programs[program]?.ran !== false;
  const nearest = (left: CodeVia, right: CodeVia): CodeVia => (compareVias(left, right, isRun) <= 0 ? left : right);
  const first = (left: string, right: string): string => (left < right ? left : right);
  return withOperations(
    {
      programs,
      calls: mergeByKey(a.calls as Calls, b.calls as Calls, (left, right) => mergeByKey(left, right, nearest)),
    },
    mergeByKey((a.operations ?? {}) as ByArch<Operations>, (b.operations ?? {}) as ByArch<Operations>, (left, right) =>
      mergeByKey(left, right, (ours, theirs) => mergeByKey(ours, theirs, first)),
    ),
  );
}

function withOperations(code: CodeEvidence, operations: ByArch<Operations>): CodeEvidence {
  return Object.keys(operations).length === 0 ? code : { ...code, operations };
}

/**
 * Joins the evidence of two descendants of one recording. A change that only one side made is taken, even a removal. If
 * both sides changed something, the nearest way is taken.
 */
export function mergeCodeThreeWay(
  base: CodeEvidence | undefined,
  ours: CodeEvidence | undefined,
  theirs: CodeEvidence | undefined,
): CodeEvidence | undefined {
  const both = mergeCode(ours, theirs);
  if (both === undefined) return undefined;
  const kept = <Value>(
    of: (code: CodeEvidence | undefined) => { readonly [key: string]: Value } | undefined,
  ): { readonly [key: string]: Value } =>
    Object.fromEntries(
      Object.entries(of(both) ?? {}).flatMap(([key, merged]) => {
        const [before, left, right] = [base, ours, theirs].map((code) => ownValue(of(code), key));
        const same = (a: Value | undefined, b: Value | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);
        const value = same(right, before) ? left : same(left, before) ? right : merged;
        return value === undefined ? [] : [[key, value] as const];
      }),
    );
  const programs = kept((code) => code?.programs);
  const calls = Object.fromEntries(
    Object.keys(both.calls).map((arch) => [arch, kept((code) => ownValue(code?.calls as Calls | undefined, arch))]),
  );
  const operations = Object.fromEntries(
    Object.keys(both.operations ?? {}).map((arch) => [
      arch,
      kept((code) => ownValue(code?.operations as ByArch<Operations> | undefined, arch)),
    ]),
  );
  return Object.keys(programs).length === 0 ? undefined : withOperations({ programs, calls }, operations);
}

function ownValue<Value>(record: { readonly [key: string]: Value } | undefined, key: string): Value | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

type ByArch<Value> = { readonly [arch: string]: { readonly [syscall: string]: Value } };
type Calls = ByArch<CodeVia>;

/**
 * Near ways come before far ones, then programs that ran before others, then nearer ranks, then names. So the far way
 * of a program that ran never hides the near way of a program that did not.
 */
export function compareVias(a: CodeVia, b: CodeVia, isRun: (program: string) => boolean): number {
  const isFar = ({ program, rank }: CodeVia): boolean =>
    codeRanks.indexOf(rank) > codeRanks.indexOf(isRun(program) ? "many-imports" : "few-imports");
  return (
    Number(isFar(a)) - Number(isFar(b)) ||
    Number(isRun(b.program)) - Number(isRun(a.program)) ||
    codeRanks.indexOf(a.rank) - codeRanks.indexOf(b.rank) ||
    compareText(JSON.stringify(canonicalVia(a)), JSON.stringify(canonicalVia(b)))
  );
}

function mergeFiles(a: ProgramFiles, b: ProgramFiles): ProgramFiles {
  return canonicalFiles({
    ...(a.ran === false && b.ran === false ? { ran: false as const } : {}),
    objects: union(a.objects, b.objects),
    unread: union(a.unread, b.unread),
    open: union(a.open, b.open),
    starts: union(a.starts, b.starts),
  });
}

/** The members in the format's order. Empty lists are left out. */
function canonicalFiles({ ran, objects, unread = [], open = [], starts = [] }: ProgramFiles): ProgramFiles {
  return {
    ...(ran === false ? { ran } : {}),
    objects,
    ...(unread.length === 0 ? {} : { unread }),
    ...(open.length === 0 ? {} : { open }),
    ...(starts.length === 0 ? {} : { starts }),
  };
}

function canonicalVia({ program, rank, imports = [], object, function: name }: CodeVia): CodeVia {
  return { program, rank, ...(imports.length === 0 ? {} : { imports }), object, function: name };
}

function mergeByKey<Value>(
  a: { readonly [key: string]: Value },
  b: { readonly [key: string]: Value },
  both: (left: Value, right: Value) => Value,
): { readonly [key: string]: Value } {
  return Object.fromEntries(
    union(Object.keys(a), Object.keys(b)).flatMap((key) => {
      const [left, right] = [ownValue(a, key), ownValue(b, key)];
      const value = left === undefined ? right : right === undefined ? left : both(left, right);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

function union(a: readonly string[] = [], b: readonly string[] = []): readonly string[] {
  return [...new Set([...a, ...b])].sort();
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The `code` member of recording.json, with one program or call on a line. No comma follows it. */
export function codeText({ programs, calls, operations = {} }: CodeEvidence): string {
  const sorted = <Value>(record: { readonly [key: string]: Value }): readonly (readonly [string, Value])[] =>
    Object.entries(record).sort(([a], [b]) => compareText(a, b));
  const files = sorted(programs).map(
    ([name, own]) => `      ${JSON.stringify(name)}: ${JSON.stringify(canonicalFiles(own))}`,
  );
  const arches = sorted(calls as Calls).map(([arch, byName]) => {
    const lines = sorted(byName).map(
      ([name, via]) => `        ${JSON.stringify(name)}: ${JSON.stringify(canonicalVia(via))}`,
    );
    return `      ${JSON.stringify(arch)}: ${block(lines, "      ")}`;
  });
  const passed = sorted(operations as ByArch<Operations>).map(([arch, byName]) => {
    const lines = sorted(byName).map(
      ([name, places]) => `        ${JSON.stringify(name)}: ${JSON.stringify(Object.fromEntries(sorted(places)))}`,
    );
    return `      ${JSON.stringify(arch)}: ${block(lines, "      ")}`;
  });
  const members = [
    `    "programs": ${block(files, "    ")}`,
    `    "calls": ${block(arches, "    ")}`,
    ...(passed.length === 0 ? [] : [`    "operations": ${block(passed, "    ")}`]),
  ];
  return `  "code": {\n${members.join(",\n")}\n  }`;
}

function block(lines: readonly string[], indent: string): string {
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n${indent}}`;
}

/** The names in a program's files, and the most that each list may hold. */
const string = { type: "string", maxLength: 400 } as const;
const strings = { type: "array", items: string, maxItems: 4000 } as const;

/** Architecture → call → what the schema describes. */
const byCall = <Schema extends object>(schema: Schema) =>
  ({
    type: "object",
    propertyNames: { pattern: "^SCMP_ARCH_[A-Z0-9_]{1,20}$" },
    additionalProperties: {
      type: "object",
      maxProperties: 4096,
      propertyNames: { pattern: "^[a-z0-9_]{1,64}$" },
      additionalProperties: schema,
    },
  }) as const;

/** JSON Schema of `code`. */
export const codeSchema = {
  type: "object",
  required: ["programs", "calls"],
  additionalProperties: false,
  properties: {
    programs: {
      type: "object",
      maxProperties: 4000,
      propertyNames: { maxLength: 400 },
      additionalProperties: {
        type: "object",
        required: ["objects"],
        additionalProperties: false,
        properties: {
          ran: { const: false },
          objects: strings,
          unread: strings,
          open: strings,
          starts: strings,
        },
      },
    },
    calls: byCall({
      type: "object",
      required: ["program", "rank", "object", "function"],
      additionalProperties: false,
      properties: {
        program: string,
        rank: { enum: [...codeRanks] },
        imports: strings,
        object: string,
        function: string,
      },
    }),
    operations: byCall({
      type: "object",
      maxProperties: 4000,
      propertyNames: { pattern: "^arg[0-5]=(?:[0-9]{1,10}|\\*)(?: arg[0-5]=(?:[0-9]{1,10}|\\*)){0,5}$" },
      additionalProperties: string,
    }),
  },
} as const;
