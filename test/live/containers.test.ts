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

test("options that have no meaning without --containers, or beside it, are refused", async () => {
  const without = await product(await workplace(), ["record", "--keep", "--", "true"]);
  expect(without).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("--keep does not go without") as string,
  });
  const beside = await product(await workplace(), ["record", "--containers", "--verify", "--", "true"]);
  expect(beside).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--verify does not go with") as string });
});
