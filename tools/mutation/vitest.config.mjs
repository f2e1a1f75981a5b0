import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = process.env.MUTATION_FOLDER ?? "src/core/check";
const code = JSON.parse(readFileSync(join(process.env.MUTATION_WORK, "code.json"), "utf8"));

/** Other folders whose tests run beside the folder's own, because they really use the folder. */
const others = {
  seccomp: ["core/diff/**", "core/lint/**"],
  policy: ["core/emitter/**", "core/explain/**", "commands/examples.test.ts"],
};

/** The folder's own tests come first. runner.mjs gets the number of files. */
class OwnFirst extends BaseSequencer {
  async sort(files) {
    const isOwn = ({ moduleId }) => moduleId.includes(`/test/core/${basename(folder)}/`);
    const sorted = [...files].sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)) || (a.moduleId > b.moduleId ? -1 : 1));
    writeFileSync(
      join(process.env.MUTATION_WORK, "test-files.json"),
      JSON.stringify(sorted.map(({ moduleId }) => moduleId)),
    );
    return sorted;
  }
}

export default defineConfig({
  root,
  plugins: [{ name: "mutants", enforce: "pre", load: (id) => code[id.split("?")[0]] }],
  test: {
    include: [`core/${basename(folder)}/**`, ...(others[basename(folder)] ?? [])].map((name) =>
      name.endsWith(".ts") ? `test/${name}` : `test/${name}/*.test.ts`,
    ),
    exclude: ["test/core/seccomp/kernel.test.ts", "test/core/seccomp/size.test.ts"],
    alias: { "fast-check": here("fast-check.mjs") },
    runner: here("runner.mjs"),
    sequence: { sequencer: OwnFirst },
    reporters: ["dot"],
    silent: true,
    isolate: false,
    fileParallelism: false,
    pool: "forks",
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
    teardownTimeout: 1000,
  },
});
