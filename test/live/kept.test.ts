import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { cli, docker, product, workplace } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";
const name = `sg-kept-${process.pid}`;
const run = ["docker", "run", "--name", name, "--network", "none", "--stop-timeout", "1"];

afterEach(async () => void (await docker("rm", "-f", name)));

test("a container without --rm stays, and starts again at once without seccomp-gen, even after clean", async () => {
  const folder = await workplace();
  const script = "echo here; echo content >/made; exit 3";
  const ran = await product(folder, ["record", "--name", "app", "--", ...run, image, "sh", "-c", script]);
  expect(ran, ran.stderr).toMatchObject({ exitCode: 3, stdout: "here" });
  expect(ran.stderr).toMatch(
    /the container stays, because your command has no --rm: docker rm [0-9a-f]{12} removes it/,
  );
  expect((await docker("logs", name)).stdout).toBe("here");
  const copied = await execa("sh", ["-c", `docker cp ${name}:/made - | tar -xO`]);
  expect(copied.stdout).toBe("content");
  expect((await product(folder, ["clean"])).stderr).not.toContain(name);
  const begun = performance.now();
  expect(await docker("start", "-a", name)).toMatchObject({ exitCode: 3, stdout: "here" });
  expect(performance.now() - begun, "no patience of the holder").toBeLessThan(15_000);
  const gate = (await docker("inspect", "--format", "{{range .Mounts}}{{.Name}}{{end}}", name)).stdout;
  await docker("rm", name);
  // The next recording removes the volume that holds the holder.
  await product(folder, ["record", "--name", "b", "--", "docker", "run", "--rm", "--network", "none", image, "true"]);
  expect(gate).toMatch(/^seccomp-gen-gate-[0-9a-f]{12}$/);
  expect((await docker("volume", "inspect", gate)).exitCode).toBe(1);
});

test("record says that a container in the background runs on, then stops it and does not remove it", async () => {
  const folder = await workplace();
  const words = [cli, "record", "--name", "app", "--", ...run, "-d", image, "sleep", "60"];
  const child = execa(process.execPath, words, { cwd: folder, reject: false, stdin: "ignore" });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  await expect.poll(() => said, { timeout: 60_000 }).toContain("the command has ended, and its container runs on");
  await delay(1_000);
  child.kill("SIGINT");
  const { stdout, exitCode } = await child;
  expect(exitCode, said).toBe(0);
  expect(said).toMatch(
    /^seccomp-gen: recording; exercise the container now\. The recording ends with the container or/,
  );
  expect(stdout).toBe((await docker("inspect", "--format", "{{.Id}} {{.State.Running}}", name)).stdout.split(" ")[0]);
  expect((await docker("inspect", "--format", "{{.State.Running}}", name)).stdout).toBe("false");
  expect(await readFile(join(folder, "profiles/app.json"), "utf8")).toContain("execve");
});

test.each([
  ["--verify", ["--verify"]],
  ["--rounds", ["--rounds", "2"]],
  ["--allow, whose filter is wider than the container asked for", ["--allow", "unshare"]],
])("a container is removed with %s", async (_, options) => {
  const folder = await workplace();
  const ran = await product(folder, ["record", "--name", "app", ...options, "--", ...run, image, "true"]);
  expect(ran.exitCode, ran.stderr).toBe(0);
  expect((await docker("ps", "-aq", "--filter", `name=${name}`)).stdout).toBe("");
});
