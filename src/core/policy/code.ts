import { codeRanks, type CodeEvidence, type CodeRank, type CodeVia } from "../recording/index.ts";
import type { Because, Rule } from "../seccomp/index.ts";
import { weigh, type ScmpArch, type Weight } from "../tables/index.ts";
import { formsOf } from "./ordinary-forms.ts";
import { rareCalls } from "./rare-calls.ts";

/**
 * The furthest rank at which ordinary calls are allowed. docs/policy.md says what each step buys: how many workloads
 * break on another day, and how many names it adds.
 */
export const furthestRank: CodeRank = "many-imports";

/** A call that the code of a recorded program can make. */
export interface CodeCall {
  readonly name: string;
  readonly because: Extract<Because, { readonly type: "code" }>;
}

/**
 * The ordinary calls that the code of the programs can make, sorted. A call that is more than ordinary is never allowed
 * because of code. If a program did not run, only calls behind its own imports count, because it may never run. Rare
 * calls (`rare-calls.ts`) must be near.
 */
export function codeCalls(
  code: CodeEvidence | undefined,
  arch: ScmpArch,
  furthest: CodeRank = furthestRank,
): readonly CodeCall[] {
  return Object.entries(code?.calls[arch] ?? {})
    .filter(
      ([name, via]) => weigh(name).weight === "ordinary" && isNear(via, code, furthest) && !isTooRare(name, via, code),
    )
    .map(([name, via]) => ({ name, because: { ...becauseOf(via, code), how: wayTo(name, via) } }));
}

/** The calls that the code can make only in an ordinary form, each with its rule. */
export function codeForms(
  code: CodeEvidence | undefined,
  arch: ScmpArch,
  furthest: CodeRank = furthestRank,
): readonly (CodeCall & { readonly rule: Rule })[] {
  return Object.entries(code?.calls[arch] ?? {})
    .filter(([, via]) => isNear(via, code, furthest))
    .flatMap(([name, via]) =>
      formsOf(name, code, arch).map(({ rule, reason, place }) => ({
        name,
        rule,
        because: { ...becauseOf(via, code), how: `${reason}; ${place ?? wayTo(name, via)}` },
      })),
    );
}

/**
 * The calls that the code can make and that are more than ordinary, dangerous ones first. Code never makes them
 * allowed.
 */
export function weightyCodeCalls(
  code: CodeEvidence | undefined,
  arch: ScmpArch,
): readonly (CodeCall & { readonly weight: Weight })[] {
  return Object.entries(code?.calls[arch] ?? {})
    .map(([name, via]) => ({ name, weight: weigh(name).weight, because: becauseOf(via, code) }))
    .filter(({ weight }) => weight !== "ordinary")
    .sort((a, b) => Number(b.weight === "dangerous") - Number(a.weight === "dangerous"));
}

function isNear(via: CodeVia, code: CodeEvidence | undefined, furthest: CodeRank): boolean {
  const limit = ranBy(via, code) ? furthest : "few-imports";
  return codeRanks.indexOf(via.rank) <= codeRanks.indexOf(limit);
}

/** True if hardly any program makes the call, and this one did not run or does not reach it through few imports. */
function isTooRare(name: string, via: CodeVia, code: CodeEvidence | undefined): boolean {
  return rareCalls.has(name) && !(ranBy(via, code) && isNear(via, code, "few-imports"));
}

function ranBy({ program }: CodeVia, code: CodeEvidence | undefined): boolean {
  return code?.programs[program]?.ran !== false;
}

function becauseOf(via: CodeVia, code: CodeEvidence | undefined): CodeCall["because"] {
  return { type: "code", program: via.program, ran: ranBy(via, code), how: howWords(via) };
}

/** The program's way to the call, in few words: `through fdatasync in libc.so.6`. */
export function howWords(via: CodeVia): string {
  return wayWords(via, via.function);
}

/**
 * The same for a profile. It leaves out addresses, which every build of an object changes, and the function that has
 * the call's own name. Calls that share a way share its line.
 */
function wayTo(call: string, via: CodeVia): string {
  const isTold = via.function !== call && !via.function.startsWith("at 0x");
  return wayWords(via, isTold ? via.function : undefined);
}

/** `name`: the function's name. `undefined` to name only its object. */
function wayWords({ rank, imports, object, function: own }: CodeVia, name: string | undefined): string {
  const place = name === undefined ? object : `${name} in ${object}`;
  switch (rank) {
    case "own-code":
      return `its own ${name ?? "instructions"}`;
    case "few-imports":
    case "many-imports":
      return imports === undefined || imports.includes(own)
        ? `through ${place}`
        : `through ${imports.join(" or ")}, ${place}`;
    case "libraries":
      return `its libraries, ${place}`;
    case "pointers":
      return `pointers in data, ${place}`;
    default:
      return rank satisfies never;
  }
}
