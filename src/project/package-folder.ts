import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * This package's own folder: the nearest one above this file that has a package.json. This holds for the file in src/,
 * in dist/ and in the bundle.
 */
export const packageFolder = nearestPackage(import.meta.dirname);

function nearestPackage(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : nearestPackage(dirname(folder));
}
