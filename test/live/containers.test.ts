import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { docker, product, workplace } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";

/** What is left of containers with this label. */
async function left(label: string): Promise<string> {
  return (await docker("ps", "-aq", "--filter", `label=${label}`)).stdout;
}

test("record --containers makes a recording of each container, sees exec, and passes the exit code on", async () => {
  const folder = await workplace();
  const label = `sg-containers-test-${process.pid}`;
  const options = `--network none -l ${label}`;
  await writeFile(
    join(folder, "script"),
    [
      `id=$(docker run -d ${options} -l com.docker.compose.service=first ${image} sleep 60)`,
      "docker exec $id chrt -m >/dev/null",
      "docker rm -f $id >/dev/null",
      `docker run --rm ${options} -l com.docker.compose.service=second ${image} chmod 600 /etc/issue`,
      "exit 5",
    ].join("\n"),
  );
  const { exitCode, stderr } = await product(folder, ["record", "--containers", "--", "sh", "script"]);
  expect(exitCode, stderr).toBe(5);
  const callsOf = async (name: string): Promise<Record<string, unknown>> => {
    const text = await readFile(join(folder, "traces", name, "recording.json"), "utf8");
    return (
      (JSON.parse(text) as { syscalls: Record<string, Record<string, unknown>> }).syscalls["SCMP_ARCH_X86_64"] ?? {}
    );
  };
  expect(await callsOf("first")).toHaveProperty("sched_get_priority_max");
  expect(await callsOf("second")).toHaveProperty("fchmodat");
  expect(await callsOf("second")).not.toHaveProperty("sched_get_priority_max");
  expect(await left(label)).toBe("");
});

test("a command that starts no container ends with exit code 2 and says so", async () => {
  const { exitCode, stderr } = await product(await workplace(), ["record", "--containers", "--", "true"]);
  expect(exitCode, stderr).toBe(2);
  expect(stderr).toContain("true started no container");
});

test.each([
  ["a script", ["sh", "script"]],
  ["make", ["make", "-s", "up"]],
  ["sudo with its options together", ["sudo", "-Eu", "root", "sh", "script"]],
])("%s that starts containers has them recorded without --containers", async (_, words) => {
  const folder = await workplace();
  await writeFile(join(folder, "script"), `docker run --rm --network none ${image} chmod 600 /etc/issue\n`);
  await writeFile(join(folder, "Makefile"), "up:\n\tsh script\n");
  const { exitCode, stderr } = await product(folder, ["record", "--", ...words]);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain("started containers: they are recorded, and not the program itself");
  expect(await readFile(join(folder, "traces/seccomp-gen-base/recording.json"), "utf8")).toContain('"fchmodat"');
});

test.each([
  ["asks an engine, and starts nothing", "docker ps", /sh ran docker, and no container that could be recorded/],
  ["goes past the gateway", `docker -H $DIRECT run --rm --network none ${image} true`, /-H go past it/],
  ["runs kubectl", "PATH=$PWD:$PATH kubectl get pods", /sh ran kubectl[^]*cluster's nodes/],
])("a program that %s is no workload", async (_, script, told) => {
  const folder = await workplace();
  await writeFile(join(folder, "kubectl"), "#!/bin/sh\n", { mode: 0o755 });
  const ran = await product(folder, ["record", "--", "sh", "-c", script], { DIRECT: process.env["DOCKER_HOST"] ?? "" });
  expect(ran.exitCode, ran.stderr).toBe(2);
  expect(ran.stderr).toMatch(told);
  await expect(readFile(join(folder, "traces/sh/recording.json"))).rejects.toThrow("ENOENT");
});

test("a program that was recorded without an init runs under its profile with one", async () => {
  const folder = await workplace();
  const words = ["docker", "run", "--rm", "--network", "none"];
  const recorded = await product(folder, ["record", "--name", "app", "--exact", "--", ...words, image, "true"]);
  expect(recorded.exitCode, recorded.stderr).toBe(0);
  const verified = await product(folder, ["verify", "profiles/app.json", "--", ...words, "--init", image, "true"]);
  expect(verified.exitCode, verified.stderr).toBe(0);
  const path = join(folder, "profiles/app.json");
  const profile = JSON.parse(await readFile(path, "utf8")) as { syscalls: { names: readonly string[] }[] };
  for (const rule of profile.syscalls) rule.names = rule.names.filter((name) => name !== "setpgid");
  profile.syscalls = profile.syscalls.filter(({ names }) => names.length > 0);
  await writeFile(path, JSON.stringify(profile));
  const told = await product(folder, ["verify", "profiles/app.json", "--", ...words, "--init", image, "true"]);
  expect(told.exitCode, told.stderr).toBe(1);
  expect(told.stderr).toMatch(
    /setpgid[^]*tini, which --init, Compose's init or the engine's configuration puts before/,
  );
});
