import { basename } from "node:path";
import { startedRows } from "../../core/policy/index.ts";
import type { ScmpArch } from "../../core/tables/index.ts";
import {
  mergeCode,
  operationKey,
  type CodeEvidence,
  type CodeVia,
  type Operations,
  type ProgramFiles,
  type Recording,
} from "../../core/recording/index.ts";
import { reachOf, type LoadedObject, type ObjectSummary, type Reach, type Via } from "../../reach/index.ts";
import type { FileSource } from "./file-source.ts";
import type { ProcessFiles } from "./named-files.ts";
import { Summaries } from "./summaries.ts";

/** The folders in which loaders look for a library whose path no trace shows (ld.so(8)). */
const libraryFolders = [
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
  "/usr/local/lib",
];

/** The kernel follows at most this many interpreters in a row (binfmt_script). */
const mostInterpreters = 5;

const archOf: { readonly [machine in NonNullable<Reach["machine"]>]: ScmpArch } = {
  "x86-64": "SCMP_ARCH_X86_64",
  aarch64: "SCMP_ARCH_AARCH64",
};

/**
 * The calls that the traced programs' code can make. If these programs start others or can do so, the calls of programs
 * that they are likely to start on another day are added. Reads the programs' files. `undefined` if no traced program
 * could be read.
 */
export async function codeOf(
  files: readonly ProcessFiles[],
  source: FileSource,
  summaries = new Summaries(),
): Promise<CodeEvidence | undefined> {
  const reader = new CodeReader(source, summaries);
  let evidence: CodeEvidence | undefined;
  for (const { executable, objects } of files) {
    evidence = mergeCode(evidence, await reader.programOf(executable, objects));
  }
  if (evidence === undefined || !startsPrograms(evidence, files)) return evidence;
  // All are looked up at once, because each look-up waits for the engine. They are merged in the table's order.
  const others = await Promise.all(startedRows.map(({ paths }) => reader.firstOf(paths)));
  for (const found of others) {
    if (found !== undefined) evidence = mergeCode(evidence, await reader.programOf(found, [], false));
  }
  return evidence;
}

/** Adds to the recording the calls that its programs' code can make, as far as their files can be read. */
export async function withCode(
  recording: Recording,
  files: readonly ProcessFiles[],
  source: FileSource,
): Promise<Recording> {
  const code = mergeCode(recording.code, await codeOf(files, source));
  return code === undefined ? recording : { ...recording, code };
}

/** True if more than one program ran, or a program's own code can start others. */
function startsPrograms({ programs }: CodeEvidence, files: readonly ProcessFiles[]): boolean {
  return files.length > 1 || Object.values(programs).some(({ starts }) => starts !== undefined);
}

interface Found {
  readonly path: string;
  readonly summary: ObjectSummary;
}

class CodeReader {
  readonly #source: FileSource;
  readonly #summaries: Summaries;
  readonly #known = new Map<string, Promise<ObjectSummary | undefined>>();
  readonly #scripts = new Map<string, string>();

  constructor(source: FileSource, summaries: Summaries) {
    this.#source = source;
    this.#summaries = summaries;
  }

  /** The first of these paths at which there is an executable. */
  async firstOf(paths: readonly string[]): Promise<string | undefined> {
    for (const path of paths) if ((await this.#summary(path)) !== undefined) return path;
    return undefined;
  }

  /** The evidence of one executable. For a script, the evidence of its interpreter. */
  async programOf(executable: string, opened: readonly string[], ran = true): Promise<CodeEvidence | undefined> {
    const main = await this.#program(executable);
    if (main === undefined) return undefined;
    const objects = await this.#objectsOf(main, opened);
    const load = ({ path, summary }: Found): LoadedObject => ({ name: basename(path), summary });
    const reach = reachOf({ executable: load(main), objects: objects.map(load) });
    const name = basename(main.path);
    const files: ProgramFiles = {
      ...(ran ? {} : { ran: false as const }),
      objects: [main, ...objects].map(({ path, summary }) => objectName(path, summary)).sort(),
      ...listed("unread", [
        ...reach.unsupported.map(({ object, reason }) => `${object}: ${reason}`),
        ...reach.missing.map((object) => `${object}: not found`),
        ...reach.limits.map(({ object, bound }) => `${object}: ${bound}`),
      ]),
      ...listed(
        "open",
        reach.open.map(({ object, function: place }) => `${object} ${place}`),
      ),
      ...listed("starts", reach.startsPrograms),
    };
    const calls = Object.fromEntries([...reach.calls].map(([call, via]) => [call, viaOf(name, via)]));
    if (reach.machine === undefined) return { programs: { [name]: files }, calls: {} };
    const arch = archOf[reach.machine];
    const operations = operationsOf(reach);
    return {
      programs: { [name]: files },
      calls: { [arch]: calls },
      ...(Object.keys(operations).length === 0 ? {} : { operations: { [arch]: operations } }),
    };
  }

  /** The executable that `#!` lines lead to. */
  async #program(path: string): Promise<Found | undefined> {
    let at: string | undefined = path;
    for (let depth = 0; at !== undefined && depth < mostInterpreters; depth += 1) {
      const summary = await this.#summary(at);
      if (summary !== undefined) return { path: at, summary };
      at = this.#scripts.get(at);
    }
    return undefined;
  }

  /** The opened objects, the dynamic linker, and what they need, each once. */
  async #objectsOf(main: Found, opened: readonly string[]): Promise<readonly Found[]> {
    if (main.summary.kind !== "code") return [];
    const found = new Map<string, Found>();
    const take = async (path: string): Promise<boolean> => {
      const summary = await this.#summary(path);
      if (summary?.kind !== "code") return false;
      if (!found.has(basename(path))) found.set(basename(path), { path, summary });
      return true;
    };
    for (const path of opened) await take(path);
    if (main.summary.interpreter !== undefined) await take(main.summary.interpreter);
    const waiting = [main.summary, ...[...found.values()].map(({ summary }) => summary)];
    for (let summary = waiting.pop(); summary !== undefined; summary = waiting.pop()) {
      if (summary.kind !== "code") continue;
      for (const name of summary.needed) {
        if (found.has(name) || !(await this.#search(name, take))) continue;
        const next = found.get(name)?.summary;
        if (next !== undefined) waiting.push(next);
      }
    }
    return [...found.values()];
  }

  async #search(name: string, take: (path: string) => Promise<boolean>): Promise<boolean> {
    if (name.includes("/")) return take(name);
    for (const folder of libraryFolders) if (await take(`${folder}/${name}`)) return true;
    return false;
  }

  /** `undefined` if there is no such file, or if the file is a script. */
  #summary(path: string): Promise<ObjectSummary | undefined> {
    const known = this.#known.get(path) ?? this.#read(path);
    this.#known.set(path, known);
    return known;
  }

  async #read(path: string): Promise<ObjectSummary | undefined> {
    const hash = await this.#source.hashOf?.(path);
    if (hash === null) return undefined;
    const known = hash === undefined ? undefined : await this.#summaries.known(hash);
    if (known !== undefined) return known;
    const bytes = await this.#source.read(path);
    if (bytes === undefined) return undefined;
    const interpreter = /^#! *(\/[^\s]+)(?: +([^\s]+))?/.exec(Buffer.from(bytes.subarray(0, 256)).toString("latin1"));
    if (interpreter === null) return this.#summaries.of(bytes);
    const [, program = "", word] = interpreter;
    const named = basename(program) === "env" && word !== undefined ? await this.#inPath(word) : program;
    if (named !== undefined) this.#scripts.set(path, named);
    return undefined;
  }

  async #inPath(name: string): Promise<string | undefined> {
    return this.firstOf(
      ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"].map((folder) => `${folder}/${name}`),
    );
  }
}

function objectName(path: string, summary: ObjectSummary): string {
  const id = summary.kind === "code" ? summary.buildId : undefined;
  return cut(id === undefined ? basename(path) : `${basename(path)} ${id}`);
}

function listed(key: "unread" | "open" | "starts", values: readonly string[]): Partial<ProgramFiles> {
  const distinct = [...new Set(values.map(cut))].sort();
  return distinct.length === 0 ? {} : { [key]: distinct.slice(0, mostListed) };
}

/** At most this many names are listed. Even one name shows that something is unknown. */
const mostListed = 1000;
/** Longer names are cut. Mangled names may be long. */
const mostNameLength = 200;

function cut(name: string): string {
  return name.length <= mostNameLength ? name : `${name.slice(0, mostNameLength - 1)}…`;
}

/** At most this many imports are named. More would tell a reader nothing. */
const mostImports = 2;

function viaOf(program: string, via: Via): CodeVia {
  return {
    program,
    rank: via.rank,
    ...(via.imports.length === 0 ? {} : { imports: via.imports.slice(0, mostImports).map(cut) }),
    object: cut(via.object),
    function: cut(via.function),
  };
}

/** At most this many operations of one call are kept. With more, the call counts as one that may pass any value. */
const mostOperations = 400;

function operationsOf({ operations }: Reach): { readonly [syscall: string]: Operations } {
  const byCall = new Map<string, Map<string, string>>();
  for (const { syscall, indices, values, object, function: name } of operations) {
    const known = byCall.get(syscall) ?? new Map<string, string>();
    byCall.set(syscall, known);
    const isKept = known.size < mostOperations;
    const key = operationKey(indices, isKept ? values : []);
    if (!known.has(key)) known.set(key, `${name} in ${object}`.slice(-mostNameLength));
  }
  return Object.fromEntries([...byCall].map(([syscall, places]) => [syscall, Object.fromEntries(places)]));
}
