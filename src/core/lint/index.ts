/** DockerProfile → findings. */
export { dangerousCalls } from "./dangerous-calls.ts";
export { fixProfile } from "./fix.ts";
export { ineffectiveFor, lintProfile, type LintContext } from "./lint-profile.ts";
export type * from "./types.ts";
