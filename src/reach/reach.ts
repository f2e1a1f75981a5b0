/** The objects of a program → the calls that its code can make, each with the way from the executable to it. */
import { link, type Linked } from "./link.ts";
import { isForwarder, programOf, reachable, type Program } from "./linked-program.ts";
import { rankCalls } from "./rank.ts";
import { callBehind, notConstant } from "./operations.ts";
import { nameOf, operationArguments } from "./syscall-names.ts";
import { forwarders } from "./sites.ts";
import type { LoadedObject, OpenSite, Operation, Reach, ReachInput, Via } from "./types.ts";

/**
 * Computes the reach of one program. It is pure: the same summaries in the same order give the same result. It never
 * throws on summaries that `analyzeObject` of this version wrote.
 */
export function reachOf(input: ReachInput): Reach {
  const linked = link(input);
  const executable = input.executable.summary;
  const program = programOf(linked, input.executable.name);
  const reached = reachable(program.graph, [
    ...program.roots.start,
    ...program.roots.data,
    ...program.roots.libraryData,
  ]);
  const machine = executable.kind === "code" ? executable.machine : undefined;
  const calls = new Map<string, Via>();
  const unnamed = new Set<number>();
  for (const [number, via] of rankCalls(program, reached)) {
    const name = machine === undefined ? undefined : nameOf(machine, number);
    if (name === undefined) unnamed.add(number);
    else calls.set(name, via);
  }
  addKernelsOwn(machine, calls);
  return {
    machine,
    calls: new Map([...calls].sort(([a], [b]) => (a < b ? -1 : 1))),
    operations: operationsOf(program, reached),
    unnamed: [...unnamed].sort((a, b) => a - b),
    open: openSites(linked, reached),
    startsPrograms: starters(program, reached),
    unsupported: unsupportedObjects([input.executable, ...input.objects]),
    missing: linked.missing,
    limits: linked.objects.flatMap(({ name, summary }) => summary.limits.map((bound) => ({ object: name, bound }))),
  };
}

/**
 * The kernel maps code into every process (the vDSO). On aarch64 signal handlers return through it
 * (arch/arm64/kernel/vdso/sigreturn.S). On x86-64 the C library has that code itself. The vDSO's other calls, such as
 * clock_gettime, are calls that libraries make themselves if there is no vDSO.
 */
function addKernelsOwn(machine: Reach["machine"], calls: Map<string, Via>): void {
  if (machine !== "aarch64" || !calls.has("rt_sigaction") || calls.has("rt_sigreturn")) return;
  calls.set("rt_sigreturn", {
    rank: "libraries",
    imports: [],
    importCount: 0,
    object: "[vdso]",
    function: "__kernel_rt_sigreturn",
  });
}

/** Leaves out what only pointers in the C library's data lead to. Such a pointer says nothing about this program. */
function operationsOf(program: Program, reached: Uint8Array): readonly Operation[] {
  const { linked, graph, roots } = program;
  const near = program.isStatic ? reached : reachable(graph, [...roots.start, ...roots.data]);
  const found = new Map<string, Operation>();
  for (const { summary, name, firstNode } of linked.objects) {
    const { machine, names, imports } = summary;
    const add = (number: number, place: string, of: (position: number) => number | undefined): void => {
      const indices = operationArguments(machine, number);
      const syscall = nameOf(machine, number) ?? "";
      const values = indices.map((_, position) => of(position));
      const key = `${syscall} ${values.map((value) => value ?? "*").join(" ")}`;
      if (!found.has(key)) found.set(key, { syscall, indices, values, object: name, function: place });
    };
    summary.nodes.forEach(({ operations = [] }, i) => {
      if (near[firstNode + i] !== 1) return;
      for (const [number = 0, place = 0, ...values] of operations)
        add(number, names[place] ?? "", (position) =>
          values[position] === notConstant ? undefined : values[position],
        );
    });
    for (const index of summary.roots.dataImports) {
      const number = callBehind(machine, imports[index] ?? "");
      if (number !== undefined) add(number, "a pointer in data", () => undefined);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, operation]) => operation);
}

function openSites(linked: Linked, reached: Uint8Array): readonly OpenSite[] {
  const sites = new Map<string, OpenSite>();
  for (const object of linked.objects) {
    const { summary, name, firstNode } = object;
    summary.nodes.forEach((node, i) => {
      if (reached[firstNode + i] !== 1) return;
      const add = (where: string, reason: string): void => {
        sites.set(`${name} ${where} ${reason}`, { object: name, function: where, reason });
      };
      for (const open of node.open ?? []) {
        if (open.import === undefined || isForwarder(linked, object, summary.imports[open.import] ?? ""))
          add(summary.names[open.name] ?? "", open.reason);
      }
      // This forwarder shows only after linking, so no constants of its callers were looked for.
      for (const symbol of node.imports ?? []) {
        const import_ = summary.imports[symbol] ?? "";
        if (!forwarders.has(import_) && linked.bind(object, import_).some(({ passes }) => passes))
          add(import_, "the number is passed between objects");
      }
    });
  }
  return [...sites.values()].sort((a, b) => (`${a.object} ${a.function}` < `${b.object} ${b.function}` ? -1 : 1));
}

/**
 * Functions of the C library that replace the program or start another one (exec(3),
 * posix_spawn(3), popen(3), system(3)).
 */
const startingFunctions: ReadonlySet<string> = new Set([
  "execve",
  "execv",
  "execvp",
  "execvpe",
  "execl",
  "execlp",
  "execle",
  "fexecve",
  "execveat",
  "posix_spawn",
  "posix_spawnp",
  "popen",
  "system",
  "wordexp",
]);

function starters(program: Program, reached: Uint8Array): readonly string[] {
  const found = new Set<string>();
  const { linked, makes } = program;
  for (const object of linked.objects) {
    if (!program.isOwn(object)) continue;
    const { imports, nodes, machine } = object.summary;
    nodes.forEach((node, i) => {
      if (reached[object.firstNode + i] !== 1) return;
      for (const index of node.imports ?? [])
        if (startingFunctions.has(imports[index] ?? "")) found.add(imports[index] ?? "");
      for (const { number, name } of makes.get(object.firstNode + i) ?? []) {
        const call = nameOf(machine, number);
        if (call === "execve" || call === "execveat") found.add(name);
      }
    });
  }
  return [...found].sort();
}

function unsupportedObjects(objects: readonly LoadedObject[]): Reach["unsupported"] {
  return objects.flatMap(({ name, summary }) =>
    summary.kind === "unsupported" ? [{ object: name, reason: summary.reason }] : [],
  );
}
