import { realpath } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The words with which a shell calls this very program: its name if PATH leads to it, otherwise Node and the file. */
export async function ownProgram(): Promise<readonly string[]> {
  const self = await realpath(process.argv[1] ?? "");
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const found = folder === "" ? undefined : await realpath(join(folder, "seccomp-gen")).catch(() => undefined);
    if (found === self) return ["seccomp-gen"];
  }
  return [process.execPath, self];
}
