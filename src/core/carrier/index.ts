/** Files that hold profiles: JSON, JSON with comments, and YAML of Kubernetes. */
export { profileIn, profilesIn } from "./carried.ts";
export { jsonContent } from "./json-profile.ts";
export type * from "./types.ts";
export { mayHoldProfile, telltales, yamlTelltales } from "./telltales.ts";
export { withoutComments } from "./without-comments.ts";
