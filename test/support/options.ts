import type { GenerateOptions } from "../../src/commands/generate.ts";
import type { PolicyOptions } from "../../src/core/policy/index.ts";
import { defaultPolicy } from "../../src/project/derivation/stored-policy.ts";

/** What `generate` is given by a command line without options. */
export const generateOptions: GenerateOptions = {
  ...defaultPolicy,
  output: undefined,
  name: undefined,
  arch: undefined,
  all: false,
  check: false,
};

/** How a policy below this ceiling is made without options on the command line. */
export function policyOptions(ceiling: PolicyOptions["ceiling"], special: Partial<PolicyOptions> = {}): PolicyOptions {
  return { ...defaultPolicy, ceiling, ceilingName: "Docker's", ...special };
}
