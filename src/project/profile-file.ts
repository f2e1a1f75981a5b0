import { statSync } from "node:fs";
import { basename } from "node:path";
import { profileIn, type Carried } from "../core/carrier/index.ts";
import { readText } from "./files.ts";

export interface LoadedProfile extends Carried {
  readonly text: string;
  /** `LABEL` of `FILE#LABEL`, or else the file's name. */
  readonly name: string;
}

/**
 * The profile that a path names: a file that holds one, or `FILE#LABEL` for one of several in a file. Throws the errors
 * of reading, and `usage` if the file holds no profile or several.
 */
export async function loadProfile(path: string, read = readText): Promise<LoadedProfile> {
  const { file, label } = namedPart(path);
  const text = await read(file);
  return { ...(await profileIn(text, file, label)), text, name: label ?? basename(file) };
}

/** The file's own name may also have this form. */
function namedPart(path: string): { readonly file: string; readonly label?: string } {
  const [, file, label] = /^([^#]+)#(.+)$/s.exec(path) ?? [];
  if (file === undefined || label === undefined || statSync(path, { throwIfNoEntry: false }) !== undefined)
    return { file: path };
  return { file, label };
}
