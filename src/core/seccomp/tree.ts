import { sameAction } from "./action.ts";
import { maxValue } from "./condition.ts";
import type { ActionRule, ArgCondition, SeccompData } from "./types.ts";

/**
 * The comparisons that libseccomp makes for one syscall's rules, in the order in which the kernel runs them
 * (db_rule_add() in src/db.c and the walk over a level in src/gen_bpf.c, libseccomp at 90d3f7dd). BPF compares 32 bits,
 * so a 64-bit condition is a comparison of the high half and one of the low half. Comparisons that are tried one after
 * the other form a level. All rules become one tree of levels, sorted by argument and comparison. If rules with
 * different actions overlap, this order decides. SEMANTICS.md explains it in prose.
 */
export interface Node {
  readonly arg: number;
  readonly high: boolean;
  readonly op: "EQ" | "MASKED_EQ" | "GE" | "GT";
  /** The rule's own comparison. Levels are sorted by it. */
  readonly origin: ArgCondition["op"];
  readonly mask: number;
  readonly datum: number;
  readonly full: bigint;
  level: Node[];
  readonly ways: { readonly true: Way; readonly false: Way };
}

/** What follows if a comparison is true or false: more comparisons, an answer, or neither (the level goes on). */
export interface Way {
  next: Node | undefined;
  rule: ActionRule | undefined;
}

/** The rules of one syscall as libseccomp holds them. */
export interface RuleTree {
  /** A rule without conditions: it answers every call. */
  readonly always: ActionRule | undefined;
  readonly first: Node | undefined;
}

/** A tree, or the rule that libseccomp refuses with EEXIST. */
export type Built =
  | { readonly tree: RuleTree; readonly conflict?: undefined }
  | { readonly tree?: undefined; readonly conflict: ActionRule };

/** Merges the rules in the profile's order. `wide`: the architecture has 64-bit arguments. */
export function buildTree(rules: readonly ActionRule[], wide: boolean): Built {
  const root: Way = { next: undefined, rule: undefined };
  let always: ActionRule | undefined;
  for (const rule of rules) {
    if (always !== undefined) continue;
    const chain = chainOf(rule, wide);
    if (chain === undefined) {
      // This rule removes the earlier ones, whatever its action. Later rules are narrower and are dropped.
      always = rule;
    } else if (root.next === undefined) root.next = chain;
    else if (!merge(root, chain)) return { conflict: rule };
  }
  return { tree: { always, first: always === undefined ? root.next : undefined } };
}

/** The rule that answers a call. `undefined` if the default does. */
export function walk(tree: RuleTree, args: SeccompData["args"]): ActionRule | undefined {
  return tree.always ?? (tree.first === undefined ? undefined : walkLevel(tree.first.level, args));
}

function walkLevel(level: readonly Node[], args: SeccompData["args"]): ActionRule | undefined {
  for (const node of level) {
    const way = holds(node, args[node.arg] ?? 0n) ? node.ways.true : node.ways.false;
    const answer = way.next === undefined ? way.rule : walkLevel(way.next.level, args);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function holds({ high, op, mask, datum }: Node, value: bigint): boolean {
  const half = (Number(high ? value >> 32n : value & 0xffff_ffffn) & mask) >>> 0;
  switch (op) {
    case "EQ":
    case "MASKED_EQ":
      return half === datum;
    case "GE":
      return half >= datum;
    case "GT":
      return half > datum;
    default:
      return op satisfies never;
  }
}

/** One rule as comparisons. `undefined` if every call matches it (no conditions, or only masks of zero). */
function chainOf(rule: ActionRule, wide: boolean): Node | undefined {
  let first: Node | undefined;
  let open: readonly Way[] = [];
  for (const condition of [...rule.rule.conditions].sort((a, b) => a.index - b.index)) {
    const mask = condition.op === "SCMP_CMP_MASKED_EQ" ? condition.mask : maxValue;
    if ((wide ? mask : mask & 0xffff_ffffn) === 0n) continue;
    const link = wide ? wideLink(condition, mask) : narrowLink(condition, mask);
    for (const way of open) way.next = link.head;
    first ??= link.head;
    open = link.open;
  }
  for (const way of open) way.rule = rule;
  return first;
}

interface Link {
  readonly head: Node;
  /** The ways on which the condition holds and the rule goes on. */
  readonly open: readonly Way[];
}

function wideLink(condition: ArgCondition, mask: bigint): Link {
  const node = (op: Node["op"], high: boolean): Node => nodeOf(condition, op, high, mask);
  switch (condition.op) {
    case "SCMP_CMP_EQ":
    case "SCMP_CMP_MASKED_EQ":
    case "SCMP_CMP_NE": {
      const op = condition.op === "SCMP_CMP_MASKED_EQ" ? "MASKED_EQ" : "EQ";
      const [high, low] = [node(op, true), node(op, false)];
      high.ways.true.next = low;
      return { head: high, open: condition.op === "SCMP_CMP_NE" ? [high.ways.false, low.ways.false] : [low.ways.true] };
    }
    case "SCMP_CMP_GT":
    case "SCMP_CMP_GE":
    case "SCMP_CMP_LE":
    case "SCMP_CMP_LT": {
      const strict = condition.op === "SCMP_CMP_GT" || condition.op === "SCMP_CMP_LE";
      const [above, same, low] = [node("GT", true), node("EQ", true), node(strict ? "GT" : "GE", false)];
      above.ways.false.next = same;
      same.ways.true.next = low;
      const less = condition.op === "SCMP_CMP_LT" || condition.op === "SCMP_CMP_LE";
      return { head: above, open: less ? [same.ways.false, low.ways.false] : [above.ways.true, low.ways.true] };
    }
    default:
      return condition satisfies never;
  }
}

function narrowLink(condition: ArgCondition, mask: bigint): Link {
  const ops = {
    SCMP_CMP_EQ: ["EQ", "true"],
    SCMP_CMP_MASKED_EQ: ["MASKED_EQ", "true"],
    SCMP_CMP_GE: ["GE", "true"],
    SCMP_CMP_GT: ["GT", "true"],
    SCMP_CMP_NE: ["EQ", "false"],
    SCMP_CMP_LT: ["GE", "false"],
    SCMP_CMP_LE: ["GT", "false"],
  } as const;
  const [op, side] = ops[condition.op];
  const head = nodeOf(condition, op, false, mask);
  return { head, open: [head.ways[side]] };
}

function nodeOf(condition: ArgCondition, op: Node["op"], high: boolean, mask: bigint): Node {
  const half = (value: bigint): number => Number(high ? value >> 32n : value & 0xffff_ffffn);
  const node: Node = {
    arg: condition.index,
    high,
    op,
    origin: condition.op,
    mask: half(mask),
    datum: half(condition.datum & mask),
    full: condition.datum,
    level: [],
    ways: { true: { next: undefined, rule: undefined }, false: { next: undefined, rule: undefined } },
  };
  node.level = [node];
  return node;
}

/** Merges a chain into the level after `at`, beginning at the node `at.next`. False if libseccomp refuses it. */
function merge(at: Way, added: Node): boolean {
  const start = at.next;
  if (start === undefined) return true;
  const { level } = start;
  for (let position = level.indexOf(start); ; position += 1) {
    const node = level[position];
    if (node !== undefined && same(node, added)) return mergeNode(node, added);
    if (node === undefined || before(node, added)) {
      if (added.level === level) return true;
      level.splice(position, 0, added);
      added.level = level;
      if (node === start) at.next = added;
      return true;
    }
  }
}

function mergeNode(node: Node, added: Node): boolean {
  for (const side of ["true", "false"] as const) {
    const [way, more] = [node.ways[side], added.ways[side]];
    if (more.rule === undefined) continue;
    if (way.rule === undefined) {
      if (way.next !== undefined && !allAnswer(way.next.level, more.rule)) return false;
      way.next = undefined;
      way.rule = more.rule;
    } else if (!sameAction(way.rule.action, more.rule.action)) {
      if (leaf(node) || leaf(added)) return false;
      // One half does not decide alone. Two lower bounds may have the same high half. Then the tighter one answers
      // values beyond that half. For upper bounds, released versions (up to 2.6.1) wrongly keep the earlier rule.
      if (side === "true" && added.high && added.full > node.full) way.rule = more.rule;
    }
  }
  for (const side of ["true", "false"] as const) {
    const [way, more] = [node.ways[side], added.ways[side]];
    if (more.next === undefined) continue;
    if (way.next !== undefined) {
      if (!merge(way, more.next)) return false;
    } else if (way.rule === undefined) way.next = more.next;
    else return true; // A shorter chain is there and already answers.
  }
  return true;
}

function leaf({ ways }: Node): boolean {
  return ways.true.next === undefined && ways.false.next === undefined;
}

function allAnswer(level: readonly Node[], rule: ActionRule): boolean {
  return level.every(({ ways }) =>
    [ways.true, ways.false].every(
      (way) =>
        (way.rule === undefined || sameAction(way.rule.action, rule.action)) &&
        (way.next === undefined || allAnswer(way.next.level, rule)),
    ),
  );
}

function same(a: Node, b: Node): boolean {
  return a.arg === b.arg && a.high === b.high && a.op === b.op && a.datum === b.datum && a.mask === b.mask;
}

const rank = {
  SCMP_CMP_MASKED_EQ: 3,
  SCMP_CMP_EQ: 3,
  SCMP_CMP_NE: 3,
  SCMP_CMP_LE: 2,
  SCMP_CMP_LT: 2,
  SCMP_CMP_GE: 1,
  SCMP_CMP_GT: 1,
} as const;

/**
 * Does the added comparison come before this one? Higher arguments come first, then equality before order, then larger
 * data (smaller for LT and LE).
 */
function before(node: Node, added: Node): boolean {
  const [place, other] = [node.arg * 2 + Number(node.high), added.arg * 2 + Number(added.high)];
  if (place !== other) return place < other;
  if (rank[node.origin] !== rank[added.origin]) return rank[node.origin] < rank[added.origin];
  return node.origin === "SCMP_CMP_LE" || node.origin === "SCMP_CMP_LT"
    ? node.datum > added.datum
    : node.datum < added.datum;
}
