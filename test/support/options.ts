import type { GenerateOptions } from "../../src/commands/generate.ts";
import type { PolicyOptions } from "../../src/core/policy/index.ts";
import { defaultPolicy } from "../../src/project/derivation/stored-policy.ts";

/** The options of `generate` on a command line without options. */
export const generateOptions: GenerateOptions = {
  ...defaultPolicy,
  output: undefined,
  name: undefined,
  arch: undefined,
  all: false,
  check: false,
};

/** The policy below this ceiling, as a command line without options makes it. */
export function policyOptions(ceiling: PolicyOptions["ceiling"], special: Partial<PolicyOptions> = {}): PolicyOptions {
  return { ...defaultPolicy, ceiling, ceilingName: "Docker's", ...special };
}
