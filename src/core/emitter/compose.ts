import { jsonText } from "../text/index.ts";
import type { AppliedProfile } from "./oci.ts";

/**
 * The lines of a Compose file that run a service under the profile (compose-spec, security_opt). The path is relative
 * to the Compose file's folder. It begins with a dot, so that no engine reads it as a word like `unconfined`. `$` is
 * doubled, because Compose replaces variables (compose-spec, interpolation). A JSON string is also a YAML string.
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
