import { readReason, type Reason } from "../policy/index.ts";
import type { Because } from "../seccomp/index.ts";

/** Who asked for a rule. */
export type Origin = "recorded" | "runtime" | "code" | "companion" | "user" | "unknown";

const origins: { readonly [type in Reason["type"] | Because["type"]]: Origin } = {
  observed: "recorded",
  floor: "runtime",
  code: "code",
  companion: "companion",
  user: "user",
  answer: "unknown",
  fallback: "unknown",
  profile: "unknown",
};

/** Who asked for the rule. Our profiles say it in a comment. Other profiles have other comments, or none. */
export function originOf(because: Because): Origin {
  const reason = because.type === "profile" ? readReason(because.comment ?? "") : undefined;
  return origins[reason?.type ?? because.type];
}
