import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { product, workplace } from "./product.ts";

const canary = (where: string): string => `canary-${where}-5eC4e7`;

test("no value of the command, the environment or the workload's data is in anything we write", async () => {
  const folder = await workplace();
  await writeFile(join(folder, "env"), `FROM_FILE=${canary("envfile")}\n`);
  await writeFile(join(folder, "data"), canary("data"));
  const script = `cat /data; echo ${canary("argv")} > /tmp/${canary("path")}; mkdir /tmp/d; env > /dev/null; exec -a ${canary("comm")} ls / $0 > /dev/null`;
  const ran = await product(folder, [
    ...["record", "--name", "app", "--verify", "--while", `true ${canary("while")}; sleep 1`, "--", "docker", "run", "--rm", "--name", `n-${canary("name")}`],
    ...["-e", `SECRET=${canary("e")}`, `--env=B=${canary("env")}`, `-eC=${canary("joined")}`, "--env-file", "env", "--label", `l=${canary("label")}`, "-l", `m=${canary("short-label")}`],
    ...["--hostname", "h", "--add-host", `${canary("host")}:127.0.0.1`, "-v", `${folder}/data:/data`, "--log-opt", `tag=${canary("log")}`, "--mount", `type=tmpfs,dst=/${canary("mount")}`],
    ...["--entrypoint", "bash", "seccomp-gen-base:bookworm", "-c", `${script}; sleep 30`, "/"],
  ]);
  expect(ran.stderr).toContain("profile made");
  expect(ran.stdout).toContain(canary("data"));
  expect(ran.stderr).not.toContain("canary-");
  const written = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && entry.name.endsWith(".json"));
  expect(written.length).toBe(2);
  for (const entry of written) expect(await readFile(join(entry.parentPath, entry.name), "utf8")).not.toContain("canary-");
});
