import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SeccompGenError } from "../errors.ts";
import { readProfile } from "./read.ts";
import type { DockerProfile } from "./types.ts";

/** profiles/docker-default/ of this package: as far above src/profile/ as above dist/profile/. */
const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "profiles", "docker-default");

/** Docker's default profile by file name, e.g. `20.10.22.json`. Throws `file-unreadable`. */
export async function loadDockerDefault(file: string): Promise<DockerProfile> {
  const path = join(folder, file);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new SeccompGenError({ code: "file-unreadable", path, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
  });
  return readProfile(text, path);
}
