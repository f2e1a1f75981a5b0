import { argIndexes, callArgs } from "./args.ts";
import { maxValue } from "./condition.ts";
import type { Node, RuleTree, Way } from "./tree.ts";
import type { ActionRule, ArgCondition, ArgIndex, Rule, SeccompData } from "./types.ts";

/** A node of a diagram. Two nodes have the same number if and only if they answer every call alike. */
export type Place = number;

/**
 * Decision diagrams over the bits of the six arguments, from argument 0's highest bit on. Each node asks one bit, and
 * no way asks a bit twice. Equal nodes are one node. (See Bryant, "Graph-Based Algorithms for Boolean Function
 * Manipulation", 1986. Here there are more than two kinds of leaves.) A diagram shows the rules' answer as a function,
 * not as a list of ways to match. A hundred masks of single bits are a hundred nodes, although they have 2^100
 * combinations.
 */
export class Diagram {
  readonly #bits: number[] = [];
  readonly #clear: Place[] = [];
  readonly #set: Place[] = [];
  readonly #nodes = new Map<number, Place>();
  readonly #leaves = new Map<string, Place>();
  readonly #subject: string;
  #steps = 0;

  /** `subject`: whose rules they are, for the message if it takes too long. */
  constructor(subject: string) {
    this.#subject = subject;
  }

  /** The node with this answer to every call. */
  leaf(outcome: string): Place {
    let place = this.#leaves.get(outcome);
    if (place === undefined) this.#leaves.set(outcome, (place = this.#add(noBit, 0, 0)));
    return place;
  }

  /**
   * The node for libseccomp's comparisons of one syscall. `tell` gives the answer of a rule, or the answer if no rule
   * matches.
   */
  tree({ always, first }: RuleTree, tell: (rule: ActionRule | undefined) => string): Place {
    const level = (nodes: readonly Node[], otherwise: Place): Place =>
      nodes.reduceRight(
        (next, node) =>
          this.#select(
            testOf(node.op, halfBits(node.op, node.datum, node.mask, node.arg * 64 + (node.high ? 0 : 32))),
            way(node.ways.true, next),
            way(node.ways.false, next),
          ),
        otherwise,
      );
    const way = ({ rule, next }: Way, otherwise: Place): Place =>
      next !== undefined ? level(next.level, otherwise) : rule === undefined ? otherwise : this.leaf(tell(rule));
    return first === undefined ? this.leaf(tell(always)) : level(first.level, this.leaf(tell(undefined)));
  }

  /** The node that is `matching` if all conditions of the rule hold on 64 bits, otherwise `otherwise`. */
  rule({ conditions }: Rule, matching: Place, otherwise: Place): Place {
    return [...conditions]
      .sort((a, b) => b.index - a.index)
      .reduce((inner, condition) => {
        const { op, negated } = comparisons[condition.op];
        const mask = condition.op === "SCMP_CMP_MASKED_EQ" ? condition.mask : maxValue;
        const half = (shift: bigint): BitTest["bits"] =>
          halfBits(
            op,
            Number((condition.datum >> shift) & lowHalf),
            Number((mask >> shift) & lowHalf),
            condition.index * 64 + 32 - Number(shift),
          );
        const test = testOf(op, [...half(32n), ...half(0n)]);
        return negated ? this.#select(test, otherwise, inner) : this.#select(test, inner, otherwise);
      }, matching);
  }

  /**
   * Finds every combination of answers that these nodes give to a call. For each combination it returns the smallest
   * call, compared by argument 0 first. If arguments are `known`, only calls with these values count.
   */
  callsApart(
    roots: readonly Place[],
    known: ReadonlyMap<ArgIndex, bigint> = new Map(),
  ): readonly SeccompData["args"][] {
    const found: SeccompData["args"][] = [];
    const seen = new Set<string>();
    const values = [0n, 0n, 0n, 0n, 0n, 0n];
    const visit = (places: readonly Place[]): void => {
      const key = places.join(" ");
      if (seen.has(key)) return;
      if (seen.size >= maxSteps) this.#giveUp();
      seen.add(key);
      const bit = Math.min(...places.map((place) => this.#bitOf(place)));
      if (bit === noBit) {
        found.push(callArgs(Object.fromEntries(argIndexes.map((index) => [index, known.get(index) ?? values[index]]))));
        return;
      }
      const index = (bit >> 6) as ArgIndex;
      const weight = 1n << BigInt(63 - (bit & 63));
      const given = known.get(index);
      if (given === undefined || (given & weight) === 0n) visit(places.map((place) => this.#follow(place, bit, 0)));
      if (given !== undefined && (given & weight) === 0n) return;
      const before = values[index] ?? 0n;
      values[index] = before | weight;
      visit(places.map((place) => this.#follow(place, bit, 1)));
      values[index] = before;
    };
    visit(roots);
    return found;
  }

  /** `yes` if the test holds, otherwise `no`. */
  #select(test: BitTest, yes: Place, no: Place): Place {
    const { bits, holds } = test;
    const known = new Map<number, Place>();
    const last = bits.at(-1)?.bit ?? -1;
    const at = (position: number, then: Place, otherwise: Place): Place => {
      if (then === otherwise) return then;
      const asked = bits[position];
      if (asked === undefined) return holds ? then : otherwise;
      if (this.#bitOf(then) > last && this.#bitOf(otherwise) > last)
        return this.#chain(test, position, then, otherwise);
      const key = (position * maxSteps + then) * maxSteps + otherwise;
      const answer = known.get(key);
      if (answer !== undefined) return answer;
      this.#spend();
      const bit = Math.min(asked.bit, this.#bitOf(then), this.#bitOf(otherwise));
      const [thenClear, thenSet, elseClear, elseSet] = [
        this.#follow(then, bit, 0),
        this.#follow(then, bit, 1),
        this.#follow(otherwise, bit, 0),
        this.#follow(otherwise, bit, 1),
      ];
      const place =
        bit < asked.bit
          ? this.#node(bit, at(position, thenClear, elseClear), at(position, thenSet, elseSet))
          : asked.goesOn === 0
            ? this.#node(bit, at(position + 1, thenClear, elseClear), asked.elseHolds ? thenSet : elseSet)
            : this.#node(bit, asked.elseHolds ? thenClear : elseClear, at(position + 1, thenSet, elseSet));
      known.set(key, place);
      return place;
    };
    return at(0, yes, no);
  }

  /** The rest of a test, one node for each bit. All its bits come before those of `then` and `otherwise`. */
  #chain({ bits, holds }: BitTest, from: number, then: Place, otherwise: Place): Place {
    let place = holds ? then : otherwise;
    for (let position = bits.length - 1; position >= from; position -= 1) {
      const asked = bits[position];
      if (asked === undefined) break;
      this.#spend();
      const other = asked.elseHolds ? then : otherwise;
      place = asked.goesOn === 0 ? this.#node(asked.bit, place, other) : this.#node(asked.bit, other, place);
    }
    return place;
  }

  #node(bit: number, clear: Place, set: Place): Place {
    if (clear === set) return clear;
    const key = (bit * maxSteps + clear) * maxSteps + set;
    let place = this.#nodes.get(key);
    if (place === undefined) this.#nodes.set(key, (place = this.#add(bit, clear, set)));
    return place;
  }

  #add(bit: number, clear: Place, set: Place): Place {
    this.#clear.push(clear);
    this.#set.push(set);
    return this.#bits.push(bit) - 1;
  }

  #bitOf(place: Place): number {
    return this.#bits[place] ?? noBit;
  }

  #follow(place: Place, bit: number, value: 0 | 1): Place {
    return this.#bitOf(place) === bit ? ((value === 0 ? this.#clear : this.#set)[place] ?? place) : place;
  }

  #spend(): void {
    this.#steps += 1;
    if (this.#steps >= maxSteps) this.#giveUp();
  }

  #giveUp(): never {
    throw new TooManyWays(`the rules of ${this.#subject} overlap in too many ways`);
  }
}

/**
 * It can be as hard as any puzzle to tell whether two sets of rules with masks answer alike. (The problem is
 * co-NP-complete.) Profiles in use take some thousand steps for each syscall. Rules that take a thousand times as many
 * were written to make a tool hang or give up.
 */
export class TooManyWays extends RangeError {
  override readonly name = "TooManyWays";
}

/**
 * At most this many steps are made in one diagram. It also limits the nodes, so that the three numbers of a key fit
 * into a double (384 · 2^18 · 2^18 < 2^53).
 */
const maxSteps = 1 << 18;

/** Leaves have this bit number, which comes after all bits. */
const noBit = 384;

/**
 * A comparison bit by bit, from the highest on. One value of each bit leads to the next bit. The other value decides.
 * `holds`: the answer after the last bit.
 */
interface BitTest {
  readonly bits: readonly { readonly bit: number; readonly goesOn: 0 | 1; readonly elseHolds: boolean }[];
  readonly holds: boolean;
}

/** If all bits are equal, GE holds and GT does not. */
function testOf(op: Node["op"], bits: BitTest["bits"]): BitTest {
  return { bits, holds: op !== "GT" };
}

/** The comparison of one half of an argument: 32 bits, as BPF compares them. */
function halfBits(op: Node["op"], datum: number, mask: number, firstBit: number): BitTest["bits"] {
  const order = op === "GE" || op === "GT";
  const bits: BitTest["bits"][number][] = [];
  for (let place = 0; place < 32; place += 1) {
    const shift = 31 - place;
    if (((mask >>> shift) & 1) === 0) continue;
    const goesOn = ((datum >>> shift) & 1) === 0 ? 0 : 1;
    // For GE and GT, the first differing bit decides.
    bits.push({ bit: firstBit + place, goesOn, elseHolds: order && goesOn === 0 });
  }
  return bits;
}

const lowHalf = 0xffff_ffffn;

const comparisons: { readonly [op in ArgCondition["op"]]: { readonly op: Node["op"]; readonly negated: boolean } } = {
  SCMP_CMP_EQ: { op: "EQ", negated: false },
  SCMP_CMP_NE: { op: "EQ", negated: true },
  SCMP_CMP_MASKED_EQ: { op: "MASKED_EQ", negated: false },
  SCMP_CMP_GE: { op: "GE", negated: false },
  SCMP_CMP_LT: { op: "GE", negated: true },
  SCMP_CMP_GT: { op: "GT", negated: false },
  SCMP_CMP_LE: { op: "GT", negated: true },
};
