import type { AppliedProfile } from "./oci.ts";

/** What a Compose file says to run a service under the profile (compose-spec, security_opt). The path is relative to the Compose file's folder. */
export function emitCompose({ name }: AppliedProfile): string {
  return ["services:", `  ${name}:`, "    security_opt:", `      - seccomp=./profiles/${name}.json`, ""].join("\n");
}
