import { execa } from "execa";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leftovers, product, workplace } from "../support/product.ts";

const canary = (where: string): string => `canary-${where}-5eC4e7`;

test("no value of the command, the environment or the workload's data is in anything we write", async () => {
  const folder = await workplace();
  const before = await leftovers();
  await writeFile(join(folder, "env"), `FROM_FILE=${canary("envfile")}\n`);
  await writeFile(join(folder, "data"), canary("data"));
  const script =
    `cat /data; echo ${canary("argv")} > /tmp/${canary("path")}; mkdir /tmp/d; env > /dev/null; exec ` +
    `-a ${canary("comm")} ls / $0 > /dev/null`;
  // The logs of the helper containers and the content of temporary folders, while the recording runs.
  const helpers =
    '$ENGINE ps -q --filter label=seccomp-gen.session | grep -v "^$(echo $SECCOMP_GEN_CONTAINER | cut ' + '-c1-12)"';
  const during =
    `sleep 1; for helper in $(${helpers}); do echo helper >> ${folder}/logs; $ENGINE logs $helper >> ` +
    `${folder}/logs 2>&1; done; grep -rl canary- ${tmpdir()}/seccomp-gen-[0-9]* >> ${folder}/found; ` +
    `true ${canary("while")}`;
  const words = [
    [
      "record",
      "--name",
      "app",
      "--verify",
      "--while",
      during,
      "--",
      "docker",
      "run",
      "--rm",
      "--name",
      `n-${canary("name")}`,
    ],
    [
      "-e",
      `SECRET=${canary("e")}`,
      `--env=B=${canary("env")}`,
      `-eC=${canary("joined")}`,
      "--env-file",
      "env",
      "--label",
      `l=${canary("label")}`,
      "-l",
      `m=${canary("short-label")}`,
    ],
    [
      "--hostname",
      "h",
      "--add-host",
      `${canary("host")}:127.0.0.1`,
      "-v",
      `${folder}/data:/data`,
      "--log-opt",
      `tag=${canary("log")}`,
      "--mount",
      `type=tmpfs,dst=/${canary("mount")}`,
    ],
    ["--entrypoint", "bash", "seccomp-gen-base:bookworm", "-c", `${script}; sleep 30`, "/"],
  ].flat();
  // The gateway hides our containers from a --while command, so this talks to the engine itself.
  const ran = await product(folder, words, {
    ENGINE: `docker -H ${process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock"}`,
  });
  expect(ran.stderr).toContain("profile made");
  expect(ran.stdout).toContain(canary("data"));
  expect(ran.stderr).not.toContain("canary-");
  const written = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && entry.name.endsWith(".json"),
  );
  expect(written.length).toBe(2);
  for (const entry of written)
    expect(await readFile(join(entry.parentPath, entry.name), "utf8")).not.toContain("canary-");
  const logs = await readFile(join(folder, "logs"), "utf8");
  expect(logs).toMatch(/^helper$/m);
  expect(logs).not.toContain("canary-");
  expect(await readFile(join(folder, "found"), "utf8")).toBe("");
  // After the recording, temporary folders are empty and there is no volume.
  const { stdout: left } = await execa(
    "sh",
    ["-c", `grep -rl canary- ${tmpdir()}/seccomp-gen-[0-9]* ${tmpdir()}/seccomp-gen-[!l]* 2>/dev/null`],
    { reject: false },
  );
  expect(left).toBe("");
  expect(await leftovers()).toBe(before);
});
