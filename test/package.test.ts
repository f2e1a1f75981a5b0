import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { installPacked, root } from "./support/packed.ts";

let project = "";
let installed = "";

// What a user gets: the packed files in their own folder, beside the packages that they need.
describe("the package", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    ({ project, folder: installed } = installPacked());
    await copyFile(join(root, "test/library/app.strace"), join(project, "app.strace"));
  }, 300_000);

  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, args, { cwd: project, encoding: "utf8" });
  const filesBelow = (folder: string): readonly string[] =>
    readdirSync(join(installed, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(installed, join(entry.parentPath, entry.name)));

  test("starts, finds Docker's defaults, and holds what builds the tracers", () => {
    const { version, bin, man } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
      version: string;
      bin: { "seccomp-gen": string };
      man: string[];
    };
    const cli = join(installed, bin["seccomp-gen"]);
    expect(readFileSync(cli, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(run(cli, "--version").trim()).toBe(version);
    expect(run(cli, "diff", "--against", "28.5.2", join(installed, "profiles/docker-default/28.2.0.json"))).toMatch(
      /no difference/,
    );
    for (const path of [
      ...man,
      "Dockerfile.trace",
      "src/run/keeper/hold.c",
      "src/run/keeper/keeper.c",
      "dist/cli-licences.txt",
      "dist/cli-ioctls.txt",
      "CHANGELOG.md",
    ])
      expect(existsSync(join(installed, path)), path).toBe(true);
  });

  test("holds no code that its exports and its program do not reach", () => {
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
      readonly bin: Readonly<Record<string, string>>;
      readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
    };
    const named = [manifest.bin, ...Object.values(manifest.exports)].flatMap((entry) =>
      typeof entry === "string" ? [] : Object.values(entry),
    );
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      const text = readFileSync(join(installed, file), "utf8");
      for (const [, to = ""] of text.matchAll(/["'](\.\.?\/[^"'\s]+\.(?:js|cjs|ts))["']/g)) {
        const beside = join(dirname(file), to);
        const found = file.endsWith(".d.ts") ? beside.replace(/(?:\.d)?\.[jt]s$/, ".d.ts") : beside;
        if (existsSync(join(installed, found))) visit(found);
      }
    };
    for (const file of named) visit(file.replace(/^\.\//, ""));
    const code = filesBelow("dist").filter((file) => /\.(?:js|cjs|ts)$/.test(file));
    expect(code.length).toBeGreaterThan(50);
    expect(code.filter((file) => !reached.has(file))).toEqual([]);
  });

  test("exports at most 25 names, and each stands in an example of docs/library.md", () => {
    const names = [
      ...readFileSync(join(root, "src/index.ts"), "utf8").matchAll(/^export (type )?\{([^}]*)\}/gm),
    ].flatMap(([, , list = ""]) => list.split(",").map((name) => name.replace("type ", "").trim()));
    expect(names.length).toBeLessThanOrEqual(25);
    const examples = blocksOf("js").join() + blocksOf("ts").join();
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(examples))).toEqual([]);
    expect(run("-e", 'console.log(Object.keys(require("seccomp-gen")).join())').trim().split(",")).toEqual(
      names.filter((name) => name === "SeccompGenError" || /^[a-z]/.test(name)).sort(),
    );
  });

  test("runs the examples of docs/library.md as an ES module, and they print what the page says", () => {
    const program = blocksOf("js").join("\n");
    writeFileSync(join(project, "page.mjs"), program);
    expect(run("page.mjs").trimEnd().split("\n")).toEqual(promised(program));
  });

  test("is required from CommonJS, without a word about it", () => {
    const program = blocksOf("cjs").join("\n");
    writeFileSync(join(project, "page.cjs"), program);
    const noted = execFileSync(process.execPath, ["page.cjs"], {
      cwd: project,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(noted.trimEnd().split("\n")).toEqual(promised(program));
    expect(run("--throw-deprecation", "page.cjs")).toBe(noted);
  });

  const compile = (...args: readonly string[]): string => {
    const tsc = join(root, "node_modules/.bin/tsc");
    try {
      return execFileSync(tsc, ["--strict", "--target", "es2023", ...args], { cwd: project, encoding: "utf8" });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };

  test("has types for nodenext and for bundlers, in modules and in CommonJS", () => {
    const program = blocksOf("ts").join("\n");
    for (const name of ["page.mts", "page.cts", "page.ts"]) writeFileSync(join(project, name), program);
    expect(compile("--module", "nodenext", "--types", "node", "--outDir", "out", "page.mts", "page.cts")).toBe("");
    const bundler = ["--module", "esnext", "--moduleResolution", "bundler"];
    expect(compile(...bundler, "--types", "node", "--noEmit", "page.ts")).toBe("");
    for (const name of ["out/page.mjs", "out/page.cjs"])
      expect(run(name).trimEnd().split("\n"), name).toEqual(promised(program));
  });

  test("its types need no others, and show no inner parts", () => {
    writeFileSync(
      join(project, "types.mts"),
      'export type * from "seccomp-gen";\nexport type * from "seccomp-gen/strace-parser";\n' +
        'export type * from "seccomp-gen/reach";\n',
    );
    expect(compile("--module", "nodenext", "--types", "", "--lib", "es2023", "--noEmit", "types.mts")).toBe("");
    const types = filesBelow("dist/library").map((file) => readFileSync(join(installed, file), "utf8"));
    expect(types.length).toBeGreaterThan(5);
    expect(types.filter((text) => /documentOf|filtersOf|contextOf/.test(text))).toEqual([]);
  });

  test("its command line is ASCII: another character would make a file's text take two bytes a character", () => {
    const files = readdirSync(join(installed, "dist")).filter((name) => name.endsWith(".cjs"));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((name) => /[^\0-\x7f]/.test(readFileSync(join(installed, "dist", name), "utf8")))).toEqual([]);
  });

  test("its stack traces name functions", () => {
    for (const file of ["dist/cli-core.cjs", "dist/lib/index.js"])
      expect(readFileSync(join(installed, file), "utf8"), file).toMatch(
        /^function diffFilters\S*\(before, after\) \{$/m,
      );
  });
});

/** The blocks of code of docs/library.md in one language. */
function blocksOf(language: string): readonly string[] {
  const page = readFileSync(join(root, "docs/library.md"), "utf8");
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, code = ""]) => (of === language ? [code] : []));
}

/** The outputs that `// →` promises. */
function promised(program: string): readonly string[] {
  return [...program.matchAll(/\/\/ → (.*)$/gm)].map(([, text = ""]) => text);
}
