import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { product, workplace } from "../support/product.ts";

/** So often each place is tried; SECCOMP_GEN_PLACES=20 for a longer look. */
const times = Number(process.env["SECCOMP_GEN_PLACES"] ?? 2);

/** Programs that make the same calls each time. */
const programs: readonly (readonly string[])[] = [
  ["seccomp-gen-base:bookworm", "sh", "-c", "ls -l /etc | wc -l; exec cat /etc/passwd"],
  [
    "--user",
    "65534",
    "--entrypoint",
    "perl",
    "seccomp-gen-base:bookworm",
    "-e",
    "$SIG{TERM} = sub {}; kill TERM => $$; for (1 .. 3) { fork or exit $_; wait } print $?",
  ],
];

test.each(programs)(
  "strace beside and inside the container see the same: %s",
  async (...words) => {
    const seen = new Map<string, Set<string>>();
    for (const tracer of ["sidecar", "inside"]) {
      for (let time = 0; time < times; time += 1) {
        const folder = await workplace();
        const ran = await product(folder, [
          "record",
          "--name",
          "app",
          "--tracer",
          tracer,
          "--",
          "docker",
          "run",
          "--rm",
          "--network",
          "none",
          ...words,
        ]);
        expect(ran.exitCode, ran.stderr).toBe(0);
        for (const file of ["traces/app/recording.json", "profiles/app.json"]) {
          const texts = seen.get(file) ?? new Set();
          // Inside, strace is a child that PID 1 has inherited: a shell that waits for any child is
          // not told that there is none.
          seen.set(
            file,
            texts.add(
              (await readFile(join(folder, file), "utf8"))
                .replace('"results": ["ECHILD","ok"]', '"results": ["ok"]')
                .replace(/"saw":"[0-9a-f]+"|inputs [0-9a-f]+/g, "a digest of the calls"),
            ),
          );
        }
      }
    }
    for (const texts of seen.values()) for (const text of texts) expect(text).toBe([...texts][0]);
  },
  1_800_000,
);
