import { execa } from "execa";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { buildGo, needs } from "../reach/toolchain.ts";
import { docker, product, workplace } from "../support/product.ts";

// A Go program has its constants in its own code. It is recorded with one TCP connection, and other days run under that
// profile.

const image = "seccomp-gen-test-go";
const days = ["light", "udp", "interfaces", "multicast", "signal", "file", "resolve"];
/** What the light day did not use: other families, and packets that the program builds itself. */
const closed = ["tcp6", "unix", "raw"];
let folder = "";

beforeEach(needs("go"));
beforeEach(async () => {
  if (folder !== "") return;
  folder = await workplace();
  const source = await readFile(new URL("workloads/go/days.go", import.meta.url), "utf8");
  await copyFile(buildGo(source), join(folder, "go-days"));
  await mkdir(join(folder, "tmp"));
  await writeFile(join(folder, "tmp/.keep"), "");
  await writeFile(
    join(folder, "Dockerfile"),
    'FROM scratch\nCOPY go-days /go-days\nCOPY tmp /tmp\nENTRYPOINT ["/go-days"]\n',
  );
  await execa("docker", ["build", "-q", "-t", image, folder], { env: { DOCKER_BUILDKIT: "0" } });
  const words = ["docker", "run", "--rm", "--network", "none", image, "light"];
  const recorded = await product(folder, ["record", "--name", "go", "--", ...words]);
  expect(recorded, recorded.stderr).toMatchObject({ exitCode: 0 });
});

const run = async (what: readonly string[], ...options: readonly string[]): Promise<readonly string[]> => {
  const ran = await docker("run", "--rm", "--network", "none", ...options, image, ...what);
  expect(ran.exitCode, ran.stderr).toBe(0);
  return ran.stdout.split("\n");
};
const profile = (): string => `seccomp=${join(folder, "profiles/go.json")}`;

test("other days run as without a profile: UDP, interfaces, groups, signals, files, names", async () => {
  expect(await run(days, "--security-opt", profile())).toEqual(await run(days));
});

test("what is more than ordinary is answered as by a kernel without it", async () => {
  expect(await run(closed, "--security-opt", profile())).toEqual([
    expect.stringContaining("address family not supported by protocol"),
    expect.stringContaining("address family not supported by protocol"),
    expect.stringContaining("protocol not supported"),
  ]);
});
