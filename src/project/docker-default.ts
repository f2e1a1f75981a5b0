import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SeccompGenError } from "../core/errors/index.ts";
import { systemProblem } from "./files.ts";
import { packageFolder } from "./package-folder.ts";
import { readShipped, type DockerProfile } from "../core/profile/index.ts";

const folder = join(packageFolder, "profiles", "docker-default");

/** Docker's default profile by file name, such as `20.10.22.json`. Throws `file-unreadable`. */
export async function loadDockerDefault(file: string): Promise<DockerProfile> {
  return shippedDefault(file).profile;
}

/** The same, read synchronously, with its text. */
export function shippedDefault(file: string): { readonly text: string; readonly profile: DockerProfile } {
  const path = join(folder, file);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new SeccompGenError(
      {
        code: "file-unreadable",
        path,
        ...systemProblem(error),
        todo: "Install seccomp-gen again: a file of it is gone.",
      },
      { cause: error },
    );
  }
  return { text, profile: readShipped(text, path) };
}
