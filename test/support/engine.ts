import { execa } from "execa";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../tools/engine/engine.sh", import.meta.url));

/** Runs the engine script. Its words on stderr are shown. */
export async function engine(
  command: "start" | "stop" | "status" | "env" | "base-image",
  ...words: readonly string[]
): Promise<string> {
  const { stdout } = await execa("bash", [script, command, ...words], { stderr: "inherit" });
  return stdout;
}
