/**
 * The files that the processes of a trace execute, each with the shared objects that its processes open. This module
 * reads strace's lines beside the parser. It reads only lines that can name such a file or start a process.
 */

/** A process, and the files whose code it loaded. */
export interface ProcessFiles {
  /** Absolute path of the executable, as the process passed it to execve(2). */
  readonly executable: string;
  /** Absolute paths of objects that it opened, in the order of opening. */
  readonly objects: readonly string[];
}

/** No line that names a file is longer. */
const longestLine = 64 * 1024;

/** At most this many executables or objects are kept. `isCut` says if there were more. */
const mostFiles = 4000;

const newline = 10;
/** A line without any of these words names no code and starts no process. */
const marks = [".so", "execve", "clone", "fork"].map((mark) => Buffer.from(mark));

export class NamedFiles {
  isCut = false;
  #rest: Buffer = Buffer.alloc(0);
  /** The executable of each process. */
  readonly #executables = new Map<string, string>();
  readonly #parents = new Map<string, string>();
  /** The objects of each executable. */
  readonly #objects = new Map<string, Set<string>>();
  /** Objects of processes whose start is not in the trace. */
  readonly #unowned = new Set<string>();

  /** Takes the next bytes of the trace. */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = bytes.lastIndexOf(newline);
    if (end < 0) {
      this.#rest =
        this.#rest.length + bytes.length > longestLine ? Buffer.alloc(0) : Buffer.concat([this.#rest, bytes]);
      return;
    }
    const first = bytes.indexOf(newline);
    this.#line(Buffer.concat([this.#rest, bytes.subarray(0, first)]).toString("latin1"));
    this.#lines(bytes.subarray(first + 1, end + 1));
    this.#rest = Buffer.from(bytes.subarray(end + 1, end + 1 + longestLine));
  }

  /** The executables of the trace, each with what its processes opened, sorted by path. */
  files(): readonly ProcessFiles[] {
    return [...this.#objects]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([executable, objects]) => ({ executable, objects: [...new Set([...objects, ...this.#unowned])] }));
  }

  /**
   * Takes the lines that have a mark, in the order of the log. A process executes a program before it opens objects.
   */
  #lines(bytes: Buffer): void {
    const lines = new Map<number, number>();
    for (const mark of marks) {
      for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at)) {
        const found = bytes.indexOf(newline, at);
        const to = found < 0 ? bytes.length : found;
        lines.set(bytes.lastIndexOf(newline, at) + 1, to);
        at = to;
      }
    }
    for (const [from, to] of [...lines].sort(([a], [b]) => a - b))
      if (to - from <= longestLine) this.#line(bytes.toString("latin1", from, to));
  }

  #line(line: string): void {
    const pid = /^(?:\[pid +(\d+)\]|(\d+)) /.exec(line)?.slice(1).find(Boolean) ?? "";
    const child = /\b(?:clone3?|v?fork)(?:\(| resumed>).*\) += (\d+)/.exec(line)?.[1];
    if (child !== undefined) this.#parents.set(child, pid);
    const opened = /\b(?:open|openat|openat2)(?:@\d+)?\([^"]*"(\/(?:[^"\\]|\\.)*)"/.exec(line)?.[1];
    if (opened !== undefined && !/\) += -1 /.test(line)) this.#opened(pid, pathOf(opened));
    const executed = /\bexecve(?:at)?(?:@\d+)?\([^"]*"(\/(?:[^"\\]|\\.)*)"/.exec(line)?.[1];
    if (executed !== undefined && !/\) += -1 /.test(line)) this.#executed(pid, pathOf(executed));
  }

  #opened(pid: string, path: string): void {
    if (!/\.so(?:\.[\w.]+)?$/.test(path)) return;
    const executable = this.#executableOf(pid);
    const objects = executable === undefined ? this.#unowned : this.#objects.get(executable);
    if (objects !== undefined && objects.size < mostFiles) objects.add(path);
    else this.isCut = true;
  }

  #executed(pid: string, path: string): void {
    if (!this.#objects.has(path) && this.#objects.size >= mostFiles) {
      this.isCut = true;
      return;
    }
    this.#executables.set(pid, path);
    if (!this.#objects.has(path)) this.#objects.set(path, new Set());
  }

  /** A process runs the executable of its nearest ancestor with an execve. */
  #executableOf(pid: string): string | undefined {
    const met = new Set<string>();
    for (let at: string | undefined = pid; at !== undefined && !met.has(at); at = this.#parents.get(at)) {
      met.add(at);
      const executable = this.#executables.get(at);
      if (executable !== undefined) return executable;
    }
    return undefined;
  }
}

/** strace's escapes (`\n`, `\303\244`) → the path. */
function pathOf(text: string): string {
  const bytes = text.replace(/\\(?:([0-7]{1,3})|(.))/g, (_, octal: string | undefined, other: string) =>
    octal === undefined ? (escapes[other] ?? other) : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

const escapes: { readonly [letter: string]: string } = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };
