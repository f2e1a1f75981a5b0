/** Recording × Filter → what would be denied. */
export { checkRecording } from "./check-recording.ts";
export type * from "./types.ts";
