import type { Because } from "../seccomp/index.ts";

/** Who asked for a rule. */
export type Origin = "recorded" | "runtime" | "companion" | "user" | "unknown";

/**
 * What the comments that `emitter/` writes begin with. A profile that somebody else wrote has
 * others, or none.
 */
const beginnings: readonly (readonly [RegExp, Origin])[] = [
  [/^observed\b/, "recorded"],
  [/^container runtime: /, "runtime"],
  [/^companion: /, "companion"],
  [/^user: /, "user"],
];

/** Who asked for the rule. */
export function originOf(because: Because): Origin {
  switch (because.type) {
    case "observed":
      return "recorded";
    case "floor":
      return "runtime";
    case "companion":
      return "companion";
    case "user":
      return "user";
    case "fallback":
      return "unknown";
    case "profile":
      return beginnings.find(([beginning]) => beginning.test(because.comment ?? ""))?.[1] ?? "unknown";
    default:
      return because satisfies never;
  }
}
