import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../project/index.ts";

/** This package's version. */
export function productVersion(): string {
  return (JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as { version: string }).version;
}
