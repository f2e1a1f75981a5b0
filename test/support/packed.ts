import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A project in which the package is installed, as a user would have it. */
export interface Installed {
  readonly project: string;
  /** The package's folder in it. */
  readonly folder: string;
}

/**
 * Packs a copy of this checkout with npm, so that the scripts before packing run too. It installs the tarball beside
 * the packages on which it depends. It asks no registry.
 */
export function installPacked(): Installed {
  const place = mkdtempSync(join(tmpdir(), "seccomp-gen-pack-"));
  const [checkout, project] = [join(place, "checkout"), join(place, "project")];
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const file of files.toString("utf8").split("\0").filter(isPacked)) {
    mkdirSync(dirname(join(checkout, file)), { recursive: true });
    cpSync(join(root, file), join(checkout, file));
  }
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
  const tarball = execFileSync("npm", ["pack", "--silent", "--pack-destination", place], {
    cwd: checkout,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const folder = join(project, "node_modules/seccomp-gen");
  mkdirSync(folder, { recursive: true });
  const packed = join(place, tarball.trim().split("\n").at(-1) ?? "");
  execFileSync("tar", ["-xzf", packed, "-C", folder, "--strip-components=1"]);
  for (const name of ["commander", "execa", "fast-glob", "lossless-json", "yaml", "@types"])
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
  return { project, folder };
}

/** Tests, and what they read, are not in the package. */
function isPacked(file: string): boolean {
  return file !== "" && !/^(?:test|traces)\//.test(file);
}
