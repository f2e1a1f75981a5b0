import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { Transform } from "node:stream";
import { expect, test } from "vitest";
import { docker, product, workplace } from "../support/product.ts";
import { spellings } from "../support/spellings.ts";

/** The engine is asked what a reader may not assume: those documents under which nothing is filtered. */
test.each(spellings.filter(([, , engines]) => engines !== "refused"))(
  "the engine with %s",
  { timeout: 120_000 },
  async (_, text, engines) => {
    const file = join(await workplace(), "p.json");
    await writeFile(file, text);
    const { stdout, stderr } = await docker(
      ...["run", "--rm", "--network", "none", "--security-opt", `seccomp=${file}`],
      ...["seccomp-gen-base:bookworm", "grep", "^Seccomp:", "/proc/1/status"],
    );
    expect(`${stdout}${stderr}`).toMatch(engines === "none" ? /^Seccomp:\s0$/ : /^Seccomp:\s2$/);
  },
);

test("verify asks the kernel: a container that runs without the filter fails", { timeout: 170_000 }, async () => {
  const folder = await workplace();
  await writeFile(join(folder, "p.json"), '{"defaultAction":"SCMP_ACT_ALLOW"}');
  // An engine, or somebody between, that does not do what it is asked for.
  const engine = (process.env["DOCKER_HOST"] ?? "").replace("unix://", "");
  const between = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ path: engine, allowHalfOpen: true });
    const forged = new Transform({
      transform: (bytes: Buffer, _, done) =>
        done(null, Buffer.from(bytes.toString("latin1").replaceAll("defaultAction", "defaultActiox"), "latin1")),
    });
    client.pipe(forged).pipe(upstream).pipe(client);
    for (const side of [client, upstream]) side.on("error", () => void (client.destroy(), upstream.destroy()));
  }).listen(join(folder, "engine.sock"));
  const { exitCode, stderr } = await product(
    folder,
    [
      "verify",
      "p.json",
      "--stop-after",
      "3",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      "seccomp-gen-base:bookworm",
      "sleep",
      "30",
    ],
    { DOCKER_HOST: `unix://${join(folder, "engine.sock")}` },
  );
  between.close();
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("NO FILTER AT ALL: the kernel says Seccomp: 0")]);
});
