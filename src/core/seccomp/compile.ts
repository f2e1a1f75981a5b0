import { auditNumber, errnoOn, isBigEndian, isS390, syscallNumber, x32Bit, type ScmpArch } from "../tables/index.ts";
import { badArchAction, enosys } from "./action.ts";
import { hasWideArguments } from "./args.ts";
import { buildTree, type Node, type Way } from "./tree.ts";
import type { Action, ActionRule, Filter } from "./types.ts";

/** One instruction of classic BPF (`struct sock_filter`, linux/filter.h). */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** The kernel takes no longer program (BPF_MAXINSNS, linux/bpf_common.h). */
export const maxInstructions = 4096;

/** linux/bpf_common.h: class | size | mode, class | operation | source. */
export const opcodes = {
  load: 0x20,
  and: 0x54,
  jump: 0x05,
  jeq: 0x15,
  jgt: 0x25,
  jge: 0x35,
  jset: 0x45,
  ret: 0x06,
} as const;

/** An instruction whose jump targets are still labels. */
type Draft =
  | { readonly op: "load" | "and" | "ret"; readonly k: number }
  | { readonly op: "jeq" | "jgt" | "jge" | "jset"; readonly k: number; readonly yes: string; readonly no: string }
  | { readonly op: "jump"; readonly to: string }
  | { readonly op: "label"; readonly name: string };

/**
 * Filters as one program for the kernel. It answers what `evaluate` says. It first asks for the architecture, and runs
 * runc's stub if the filters have one. Then it finds the number by bisection, and runs libseccomp's own tree of
 * comparisons. Throws RangeError if libseccomp would refuse the rules, or the program is too long.
 */
export function compileFilters(filters: readonly Filter[]): readonly Instruction[] {
  const compiler = new Compiler();
  compiler.emit({ op: "load", k: 4 });
  const x32 = filters.find(({ arch }) => arch === "SCMP_ARCH_X32");
  const others = filters.filter(({ arch }) => arch !== "SCMP_ARCH_X32");
  for (const { arch } of others) {
    const next = compiler.label();
    compiler.emit({ op: "jeq", k: auditNumber(arch), yes: arch, no: next }, { op: "label", name: next });
  }
  const killed = compiler.answer(badArchAction);
  compiler.emit({
    op: "jump",
    to: x32 !== undefined && others.every(({ arch }) => arch !== "SCMP_ARCH_X86_64") ? "SCMP_ARCH_X32" : killed,
  });
  for (const filter of others) compiler.architecture(filter, filter.arch === "SCMP_ARCH_X86_64" ? x32 : undefined);
  if (x32 !== undefined) compiler.architecture(x32, undefined);
  const program = assemble([...compiler.drafts, ...compiler.answers()]);
  if (program.length > maxInstructions)
    throw new RangeError(`the program has ${program.length} instructions; the kernel takes ${maxInstructions}`);
  return program;
}

class Compiler {
  readonly drafts: Draft[] = [];
  readonly #returns = new Map<number, string>();
  /** The architecture that is being compiled. The numbers of errors depend on it. */
  #arch: ScmpArch = "SCMP_ARCH_X86_64";
  #labels = 0;

  emit(...drafts: readonly Draft[]): void {
    this.drafts.push(...drafts);
  }

  label(): string {
    this.#labels += 1;
    return `L${this.#labels}`;
  }

  /** The label that returns this answer. All answers stand at the end, each once. */
  answer(action: Action): string {
    const value = returnValue(action, this.#arch);
    const label = this.#returns.get(value) ?? `return ${value}`;
    this.#returns.set(value, label);
    return label;
  }

  answers(): readonly Draft[] {
    return [...this.#returns].flatMap(([k, name]): Draft[] => [
      { op: "label", name },
      { op: "ret", k },
    ]);
  }

  architecture(filter: Filter, x32: Filter | undefined): void {
    const { arch, defaultAction, enosysAbove } = filter;
    this.#arch = arch;
    const test = (op: "jeq" | "jgt" | "jge" | "jset", k: number, yes: string): void => {
      const next = this.label();
      this.emit({ op, k, yes, no: next }, { op: "label", name: next });
    };
    this.emit({ op: "label", name: arch }, { op: "load", k: 0 });
    // The stub comes before everything that libseccomp compiled (runc). On x86_64 it does not ask about numbers with
    // x32's bit.
    if (enosysAbove !== undefined) {
      const stub = this.answer({ action: "SCMP_ACT_ERRNO", errnoRet: enosys });
      const done = this.label();
      if (arch === "SCMP_ARCH_X86_64") test("jset", x32Bit, done);
      test("jgt", enosysAbove, stub);
      if (isS390(arch)) test("jeq", 0, stub);
      this.emit({ op: "label", name: done });
    }
    // libseccomp leaves the call number -1 to the default action.
    if (arch === "SCMP_ARCH_X86_64") test("jeq", 0xffff_ffff, this.answer(defaultAction));
    if (arch === "SCMP_ARCH_X86_64")
      test("jge", x32Bit, x32 === undefined ? this.answer(badArchAction) : "SCMP_ARCH_X32");
    if (arch === "SCMP_ARCH_X32") {
      const ours = this.label();
      this.emit({ op: "jge", k: x32Bit, yes: ours, no: this.answer(badArchAction) }, { op: "label", name: ours });
    }
    const blocks = new Map<string, () => void>();
    const targets = [...filter.syscalls].flatMap(([name, rules]): [number, string][] => {
      const nr = syscallNumber(arch, name);
      return nr === undefined ? [] : [[nr, this.#syscall(filter, name, rules, blocks)]];
    });
    this.#bisect(ranges(targets, this.answer(defaultAction)));
    for (const block of blocks.values()) block();
  }

  /** The label that answers the calls of one syscall. */
  #syscall(
    { arch, defaultAction }: Filter,
    name: string,
    rules: readonly ActionRule[],
    blocks: Map<string, () => void>,
  ): string {
    const { tree, conflict } = buildTree(rules, hasWideArguments(arch));
    if (conflict !== undefined)
      throw new RangeError(`libseccomp refuses the rules of ${name}: the container does not start`);
    if (tree.always !== undefined) return this.answer(tree.always.action);
    const { first } = tree;
    if (first === undefined) return this.answer(defaultAction);
    const label = `${arch} ${name}`;
    blocks.set(label, () => {
      this.emit({ op: "label", name: label });
      this.#level(arch, first.level, this.answer(defaultAction));
    });
    return label;
  }

  /** Comparisons one after the other. If none answers, the program goes on at `otherwise`. */
  #level(arch: ScmpArch, level: readonly Node[], otherwise: string): void {
    level.forEach((node, position) => {
      const next = position + 1 < level.length ? this.label() : otherwise;
      // Jumps only go forward, so the code after a comparison comes before the next comparison of the level.
      const pending: (() => void)[] = [];
      const way = ({ rule, next: inner }: Way): string => {
        if (inner === undefined) return rule === undefined ? next : this.answer(rule.action);
        const label = this.label();
        pending.push(() => {
          this.emit({ op: "label", name: label });
          this.#level(arch, inner.level, next);
        });
        return label;
      };
      this.emit({ op: "load", k: offsetOf(arch, node) });
      if (node.mask >>> 0 !== 0xffff_ffff) this.emit({ op: "and", k: node.mask >>> 0 });
      this.emit({
        op: node.op === "GE" ? "jge" : node.op === "GT" ? "jgt" : "jeq",
        k: node.datum >>> 0,
        yes: way(node.ways.true),
        no: way(node.ways.false),
      });
      for (const emit of pending) emit();
      if (position + 1 < level.length) this.emit({ op: "label", name: next });
    });
  }

  #bisect(pieces: readonly Range[]): void {
    const [first] = pieces;
    if (first === undefined) return;
    if (pieces.length === 1) {
      this.emit({ op: "jump", to: first.target });
      return;
    }
    const middle = pieces.length >> 1;
    const [low, high] = [this.label(), this.label()];
    const [left, right] = [pieces.slice(0, middle), pieces.slice(middle)];
    const target = (half: readonly Range[], label: string): string =>
      half.length === 1 ? (half[0]?.target ?? label) : label;
    this.emit({ op: "jge", k: right[0]?.start ?? 0, yes: target(right, high), no: target(left, low) });
    if (left.length > 1) {
      this.emit({ op: "label", name: low });
      this.#bisect(left);
    }
    if (right.length > 1) {
      this.emit({ op: "label", name: high });
      this.#bisect(right);
    }
  }
}

/** The numbers from `start` to the next range's start have the same target. */
interface Range {
  readonly start: number;
  readonly target: string;
}

function ranges(targets: readonly (readonly [number, string])[], otherwise: string): readonly Range[] {
  const pieces: Range[] = [{ start: 0, target: otherwise }];
  let next = 0;
  for (const [nr, target] of [...targets].sort(([a], [b]) => a - b)) {
    if (nr > next) pieces.push({ start: next, target: otherwise });
    pieces.push({ start: nr, target });
    next = nr + 1;
  }
  pieces.push({ start: next, target: otherwise });
  const starts = new Map(pieces.map((piece) => [piece.start, piece]));
  return [...starts.values()]
    .sort((a, b) => a.start - b.start)
    .filter((piece, at, all) => at === 0 || all[at - 1]?.target !== piece.target);
}

/** `struct seccomp_data`: nr, arch, instruction pointer, six arguments of 64 bits. */
function offsetOf(arch: ScmpArch, { arg, high }: Node): number {
  return 16 + 8 * arg + (high === isBigEndian(arch) ? 0 : 4);
}

/** SECCOMP_RET_* of linux/seccomp.h. */
function returnValue(action: Action, arch: ScmpArch): number {
  switch (action.action) {
    case "SCMP_ACT_ALLOW":
      return 0x7fff_0000;
    case "SCMP_ACT_LOG":
      return 0x7ffc_0000;
    case "SCMP_ACT_TRACE":
      return 0x7ff0_0000 + (action.errnoRet & 0xffff);
    case "SCMP_ACT_NOTIFY":
      return 0x7fc0_0000;
    case "SCMP_ACT_ERRNO":
      return 0x0005_0000 + errnoOn(arch, action.errnoRet);
    case "SCMP_ACT_TRAP":
      return 0x0003_0000;
    case "SCMP_ACT_KILL_THREAD":
      return 0;
    case "SCMP_ACT_KILL_PROCESS":
      return 0x8000_0000;
    default:
      return action satisfies never;
  }
}

/**
 * Labels → offsets. A conditional jump reaches 255 instructions. A farther jump goes through an unconditional jump
 * after it, which reaches everywhere.
 */
function assemble(drafts: readonly Draft[]): readonly Instruction[] {
  const far = new Set<Draft>();
  for (;;) {
    const places = new Map<string, number>();
    let size = 0;
    for (const draft of drafts) {
      if (draft.op === "label") places.set(draft.name, size);
      else size += far.has(draft) ? 3 : 1;
    }
    const place = (label: string): number => {
      const at = places.get(label);
      if (at === undefined) throw new RangeError(`no label ${label}`);
      return at;
    };
    const known = far.size;
    const program: Instruction[] = [];
    for (const draft of drafts) {
      const next = program.length + 1;
      if (draft.op === "label") continue;
      if (draft.op === "jump") program.push({ code: opcodes.jump, jt: 0, jf: 0, k: place(draft.to) - next });
      else if (!("yes" in draft)) program.push({ code: opcodes[draft.op], jt: 0, jf: 0, k: draft.k });
      else {
        const [jt, jf] = [place(draft.yes) - next, place(draft.no) - next];
        if (far.has(draft))
          program.push(
            { code: opcodes[draft.op], jt: 0, jf: 1, k: draft.k },
            { code: opcodes.jump, jt: 0, jf: 0, k: jt - 1 },
            { code: opcodes.jump, jt: 0, jf: 0, k: jf - 2 },
          );
        else {
          if (jt > 255 || jf > 255) far.add(draft);
          program.push({ code: opcodes[draft.op], jt, jf, k: draft.k });
        }
      }
    }
    if (far.size === known) return program;
  }
}
