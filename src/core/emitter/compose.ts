import { jsonText } from "../text/index.ts";
import type { AppliedProfile } from "./oci.ts";

/**
 * What a Compose file says to run a service under the profile (compose-spec, security_opt). The
 * path is relative to the Compose file's folder, and begins with a dot, so that it is no word like
 * `unconfined`; `$` is doubled, because Compose puts variables in (compose-spec, interpolation). A
 * JSON string is one of YAML too.
 */
export function emitCompose({ name, file }: Pick<AppliedProfile, "name" | "file">): string {
  const path = /^\.{0,2}\//.test(file) ? file : `./${file}`;
  return [
    "services:",
    `  ${name}:`,
    "    security_opt:",
    `      - ${jsonText(`seccomp=${path.replaceAll("$", "$$$$")}`).trimEnd()}`,
    "",
  ].join("\n");
}
