import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ErrorObject, ValidateFunction } from "ajv";
import { SeccompGenError } from "../../core/errors/index.ts";
import { jsonText } from "../../core/text/index.ts";
import { checkKept, readIfPresent, writeKept } from "../files.ts";
import { validatePolicy } from "./data/validate-policy.ts";
import type { PolicyArguments } from "./derivation.ts";

/** The policy of a command line without options. */
export const defaultPolicy: PolicyArguments = {
  args: "standard",
  exact: false,
  reach: true,
  floor: "any",
  allow: [],
  deny: [],
  against: undefined,
  mode: "enforce",
};

/** Compiled from policy-schema.ts at build time. */
const validate = validatePolicy as ValidateFunction;

/** The file for the options of a recording's profile, beside the recording. */
export function policyPath(recording: string): string {
  return join(dirname(recording), "policy.json");
}

/** The options from a policy.json, or the defaults if there is no text. Throws `policy-invalid`. */
export function parseStoredPolicy(text: string | undefined, source: string): PolicyArguments {
  if (text === undefined) return defaultPolicy;
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (error) {
    throw new SeccompGenError(
      { code: "policy-invalid", source, detail: error instanceof Error ? error.message : String(error) },
      { cause: error },
    );
  }
  return checkedPolicy(stored, source);
}

/** These options, and the defaults of the others. Throws `policy-invalid`. */
export function checkedPolicy(options: unknown, source: string): PolicyArguments {
  if (!validate(options)) {
    const [first] = validate.errors ?? [];
    throw new SeccompGenError({ code: "policy-invalid", source, detail: detailOf(first) });
  }
  return { ...defaultPolicy, ...(options as Partial<PolicyArguments>) };
}

function detailOf(error: ErrorObject | undefined): string {
  const { additionalProperty, allowedValues } = (error?.params ?? {}) as {
    readonly additionalProperty?: string;
    readonly allowedValues?: readonly string[];
  };
  if (additionalProperty !== undefined) return `${additionalProperty} is none of them`;
  const place = error?.instancePath === "" ? "the document" : error?.instancePath.slice(1).replaceAll("/", ".");
  if (allowedValues !== undefined) return `${place} is none of ${allowedValues.join(", ")}`;
  return `${place} ${error?.message ?? "is not as the format says"}`;
}

/** The options with which the profile of this recording is made. */
export async function readStoredPolicy(recording: string): Promise<PolicyArguments> {
  const path = policyPath(recording);
  return parseStoredPolicy(await readIfPresent(path), path);
}

/** These options, without those that are not policy options. */
export function policyOf({ args, exact, reach, floor, allow, deny, against, mode }: PolicyArguments): PolicyArguments {
  return { args, exact, reach, floor, allow, deny, against, mode };
}

/**
 * Stores the options beside the recording, so that nobody needs to give them again to regenerate the profile. If all
 * are the default, there is no file.
 */
export async function storePolicy(recording: string, policy: PolicyArguments): Promise<void> {
  const text = policyText(policy);
  await checkKept(policyPath(recording));
  if (text === undefined) await rm(policyPath(recording), { force: true });
  else await writeKept(policyPath(recording), text);
}

/** The text of a policy.json. `undefined` if all options are the default. */
export function policyText(policy: PolicyArguments): string | undefined {
  const chosen = Object.entries(policyOf(policy)).filter(
    ([name, value]) =>
      value !== undefined && JSON.stringify(value) !== JSON.stringify(defaultPolicy[name as keyof PolicyArguments]),
  );
  return chosen.length === 0 ? undefined : jsonText(Object.fromEntries(chosen));
}
