import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isBuilt, notBuilt } from "./support/machine.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
let project = "";
let installed = "";

// What a user gets: the packed files in a folder of their own, beside the packages they need.
describe("the package", { timeout: 120_000 }, () => {
  beforeEach(({ skip }) => skip(!isBuilt, notBuilt));
  beforeAll(() => {
    if (!isBuilt) return;
    project = mkdtempSync(join(tmpdir(), "seccomp-gen-pack-"));
    installed = join(project, "node_modules/seccomp-gen");
    mkdirSync(installed, { recursive: true });
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    ) as { filename: string }[];
    execFileSync("tar", ["-xzf", join(project, packed?.filename ?? ""), "-C", installed, "--strip-components=1"]);
    for (const name of ["commander", "execa", "fast-glob", "lossless-json"])
      symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
  }, 120_000);

  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, args, { cwd: project, encoding: "utf8" });

  test("starts, finds Docker's defaults, and holds what builds the tracers", () => {
    const { version, bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
      version: string;
      bin: { "seccomp-gen": string };
    };
    const cli = join(installed, bin["seccomp-gen"]);
    expect(readFileSync(cli, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(run(cli, "--version").trim()).toBe(version);
    expect(run(cli, "diff", "--against", "28.5.2", join(installed, "profiles/docker-default/28.2.0.json"))).toMatch(
      /no difference/,
    );
    for (const path of [
      "Dockerfile.trace",
      "src/run/keeper/Dockerfile",
      "src/run/keeper/hold.c",
      "src/run/keeper/keeper.c",
      "src/run/tracer/hold.c",
      "src/run/tracer/known-arguments.c",
      "dist/cli-licences.txt",
      "dist/cli-ioctls.txt",
      "CHANGELOG.md",
    ])
      expect(existsSync(join(installed, path)), path).toBe(true);
    expect(existsSync(join(installed, "dist/commands"))).toBe(false);
  });

  test("is a library with types, and a parser of its own", () => {
    writeFileSync(
      join(project, "use.mjs"),
      `import { dockerDefaultFor, loadDockerDefault } from "seccomp-gen";\nimport { parseStraceSync } ` +
        `from "seccomp-gen/strace-parser";\nconst { syscalls } = await ` +
        `loadDockerDefault(dockerDefaultFor("28.5.2").file);\nconsole.log(syscalls.length > 10, ` +
        `[...parseStraceSync([Buffer.from("1 getpid() = 1\\n")])].length);\n`,
    );
    expect(run("use.mjs").trim()).toBe("true 1");
    writeFileSync(
      join(project, "use.ts"),
      'import { evaluate } from "seccomp-gen";\nimport type { StraceEvent } from ' +
        '"seccomp-gen/strace-parser";\nexport const judge: typeof evaluate = evaluate;\nexport type ' +
        "Event = StraceEvent;\n",
    );
    execFileSync(
      join(root, "node_modules/.bin/tsc"),
      [
        "--noEmit",
        "--strict",
        "--module",
        "nodenext",
        "--target",
        "es2023",
        "--types",
        "node",
        "--typeRoots",
        join(root, "node_modules/@types"),
        "use.ts",
      ],
      { cwd: project, stdio: "pipe" },
    );
  });

  test("its command line is ASCII: another character would make a file's text take two bytes a character", () => {
    const files = readdirSync(join(installed, "dist")).filter((name) => name.endsWith(".cjs"));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((name) => /[^\0-\x7f]/.test(readFileSync(join(installed, "dist", name), "utf8")))).toEqual([]);
  });

  test("its stack traces name functions", () => {
    expect(readFileSync(join(installed, "dist/cli-core.cjs"), "utf8")).toMatch(
      /^function diffFilters\(before, after\) \{$/m,
    );
  });
});
