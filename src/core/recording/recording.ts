import { codeText, mergeCode } from "./code.ts";
import { escapeJson } from "../text/index.ts";
import type { ScmpArch } from "../tables/index.ts";
import type { Aggregate } from "./aggregator.ts";
import { argValues, madeBy, type MadeBy } from "./made-by.ts";
import { knownResults } from "./results.ts";
import { tupleAt } from "./tuples.ts";
import {
  phases,
  recordingVersion,
  type ArgValues,
  type Phase,
  type Recording,
  type Run,
  type SyscallRecord,
} from "./types.ts";

/** A recording of one run. */
export function buildRecording(name: string, run: Run, aggregate: Aggregate): Recording {
  return { version: recordingVersion, name, runs: [run], syscalls: aggregate.syscalls };
}

/**
 * Merges two recordings: sets by union, magnitudes by maximum, equal runs once. The merge is associative, commutative
 * and idempotent. The result has the first recording's name.
 */
export function mergeRecordings(a: Recording, b: Recording): Recording {
  const runs = new Map([...a.runs, ...b.runs].map((run) => [canonicalRun(run), run]));
  const arches = union(Object.keys(a.syscalls), Object.keys(b.syscalls)) as readonly ScmpArch[];
  const code = mergeCode(a.code, b.code);
  return {
    version: recordingVersion,
    name: a.name,
    runs: [...runs].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, run]) => run),
    syscalls: Object.fromEntries(
      arches.map((arch) => [arch, mergeCalls(a.syscalls[arch] ?? {}, b.syscalls[arch] ?? {})]),
    ),
    ...(code === undefined ? {} : { code }),
  };
}

/** All of them merged. `undefined` if there are none. */
export function mergeAll(recordings: readonly Recording[]): Recording | undefined {
  const [first, ...rest] = recordings;
  return first === undefined ? undefined : rest.reduce(mergeRecordings, first);
}

type Calls = { readonly [name: string]: SyscallRecord };

function mergeCalls(a: Calls, b: Calls): Calls {
  return Object.fromEntries(
    union(Object.keys(a), Object.keys(b)).flatMap((name) => {
      const [left, right] = [
        Object.hasOwn(a, name) ? a[name] : undefined,
        Object.hasOwn(b, name) ? b[name] : undefined,
      ];
      const merged = left === undefined ? right : right === undefined ? left : mergeRecords(left, right);
      return merged === undefined ? [] : [[name, merged] as const];
    }),
  );
}

function mergeRecords(a: SyscallRecord, b: SyscallRecord): SyscallRecord {
  const processes = union(a.processes, b.processes);
  const args = mergeValues(a, b, processes);
  const first = earliest(a.first, b.first);
  return {
    calls: Math.max(a.calls, b.calls),
    results: knownResults([...a.results, ...b.results]),
    processes,
    ...(first === undefined ? {} : { first }),
    ...(args === undefined ? {} : { args }),
  };
}

/** The earlier of two phases. If one is unknown, the other. */
function earliest(a: Phase | undefined, b: Phase | undefined): Phase | undefined {
  return phases.find((phase) => phase === a || phase === b);
}

/**
 * A recording of an older version inspected fewer arguments, or none of this call. Arguments that it lacks count as
 * unreadable.
 */
function mergeValues(a: SyscallRecord, b: SyscallRecord, processes: readonly string[]): ArgValues | undefined {
  if (a.args === undefined && b.args === undefined) return undefined;
  const indices = [...new Set([...(a.args?.indices ?? []), ...(b.args?.indices ?? [])])].sort((one, two) => one - two);
  if (a.args?.values === "many" || b.args?.values === "many") return { indices, values: "many" };
  const merged = new Map<string, MadeBy>();
  for (const record of [a, b]) {
    const made = madeBy(record) ?? [{ tuple: [], programs: record.processes.length === 1 ? record.processes : [] }];
    for (const { tuple: own, programs } of made) {
      const tuple = tupleAt(record.args?.indices ?? [], own, indices);
      const key = tuple.join();
      merged.set(key, { tuple, programs: union(merged.get(key)?.programs ?? [], programs) });
    }
  }
  return argValues(indices, [...merged.values()], processes);
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort();
}

/** A run's JSON with its keys in the format's order. */
export function canonicalRun(run: Run): string {
  const { source, command, image, versions, capabilities, noNewPrivileges, init, lean, withoutStart, saw, ended } = run;
  const { strace, engine, runtime, kernel, libseccomp } = versions;
  return JSON.stringify({
    source,
    command,
    ...(image === undefined ? {} : { image: { reference: image.reference, digest: image.digest } }),
    versions: { strace, engine, runtime, kernel, libseccomp },
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(noNewPrivileges === undefined ? {} : { noNewPrivileges }),
    ...(init === undefined ? {} : { init }),
    ...(lean === undefined ? {} : { lean }),
    ...(withoutStart === undefined ? {} : { withoutStart }),
    ...(saw === undefined ? {} : { saw }),
    ended,
  });
}

/**
 * The file's text: keys in canonical order, one run or syscall on a line, so that a pull request shows changes well.
 */
export function stringifyRecording(recording: Recording): string {
  const calls = Object.entries(recording.syscalls)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([arch, byName]) => {
      const lines = Object.entries(byName)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, record]) => `      ${JSON.stringify(name)}: ${recordText(record)}`);
      return `    ${JSON.stringify(arch)}: {${lines.length === 0 ? "" : `\n${lines.join(",\n")}\n    `}}`;
    });
  const lines = [
    "{",
    `  "version": ${recording.version},`,
    `  "name": ${JSON.stringify(recording.name)},`,
    `  "runs": [\n${recording.runs
      .map((run) => `    ${canonicalRun(run)}`)
      .sort()
      .join(",\n")}\n  ],`,
    `  "syscalls": {\n${calls.join(",\n")}\n  }${recording.code === undefined ? "" : ","}`,
    ...(recording.code === undefined ? [] : [codeText(recording.code)]),
    "}",
    "",
  ];
  return escapeJson(lines.join("\n"));
}

function recordText({ calls, results, processes, first, args }: SyscallRecord): string {
  const parts = [
    `"calls": ${calls}`,
    `"results": ${JSON.stringify(results)}`,
    `"processes": ${JSON.stringify(processes)}`,
  ];
  if (first !== undefined) parts.push(`"first": ${JSON.stringify(first)}`);
  if (args !== undefined) {
    const values =
      args.values === "many"
        ? '"many"'
        : `[${args.values.map((tuple) => `[${tuple.map((value) => value ?? "null").join(",")}]`).join(",")}]`;
    const by = args.by === undefined ? "" : `, "by": ${JSON.stringify(args.by)}`;
    parts.push(`"args": {"indices": ${JSON.stringify(args.indices)}, "values": ${values}${by}}`);
  }
  return `{${parts.join(", ")}}`;
}
