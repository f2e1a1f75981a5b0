import { parseRecording, type Recording } from "../core/recording/index.ts";
import { readIfPresent, readText } from "./files.ts";
import { recordingBeside } from "./names.ts";

/**
 * The recording that is named, or `traces/NAME/recording.json` beside the folder of
 * `profiles/NAME.json`. `undefined` if there is none.
 */
export async function recordingOf(profile: string, named: string | undefined): Promise<Recording | undefined> {
  if (named !== undefined) return parseRecording(await readText(named), named);
  const beside = recordingBeside(profile);
  const text = await readIfPresent(beside);
  return text === undefined ? undefined : parseRecording(text, beside);
}
