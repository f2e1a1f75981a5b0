import { execa } from "execa";
import { spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { cli, product, workplace } from "./product.ts";

const strace = spawnSync("strace", ["-V"]).status === 0;

describe.skipIf(!strace)("a program on this host", () => {
  test("keeps its output and exit code", async () => {
    const folder = await workplace();
    const ran = await product(folder, ["record", "--name", "app", "--", "sh", "-c", "echo out; echo err >&2; exit 5"]);
    expect(ran).toMatchObject({ exitCode: 5, stdout: "out" });
    expect(ran.stderr).toMatch(/^err$/m);
    expect(ran.stderr).toMatch(/host mode[^]*profile made/);
    expect((await readdir(folder)).sort()).toEqual(["profiles", "traces"]);
  });

  test("ends with Ctrl-C, and what it did is kept", async () => {
    const folder = await workplace();
    const child = execa(process.execPath, [cli, "record", "--name", "app", "--", "sleep", "60"], { cwd: folder, reject: false, stdin: "ignore" });
    await delay(1500);
    child.kill("SIGINT");
    expect((await child).stderr).toContain("profile made");
  });

  test("that does not exist is said so, and nothing is written", async () => {
    const folder = await workplace();
    const ran = await product(folder, ["record", "--", "/no/such/program"]);
    expect(ran.exitCode).toBe(127);
    expect(ran.stderr).toMatch(/did not start/);
    expect(await readdir(folder)).toEqual([]);
  });

});

describe("without strace", () => {
  test("a program on this host is not recorded, and it is said what to install", async () => {
    const folder = await workplace();
    const ran = await product(folder, ["record", "--", "/bin/true"], { PATH: folder });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(/no strace to record with[^]*apt-get install strace/);
  });
});
