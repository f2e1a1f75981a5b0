import { execa } from "execa";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { notX64, runs } from "../support/machine.ts";
import { cli, product, workplace } from "../support/product.ts";

const strace = runs("strace", "-V");

describe("a program on this host", () => {
  beforeEach(({ skip }) => skip(!strace, "strace is not installed"));

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
    const child = execa(process.execPath, [cli, "record", "--name", "app", "--", "sleep", "60"], {
      cwd: folder,
      reject: false,
      stdin: "ignore",
    });
    await delay(1500);
    child.kill("SIGINT");
    expect((await child).stderr).toContain("profile made");
  });

  test("whose process strace cannot follow leaves a partial recording, and it is said why", async ({ skip }) => {
    skip(process.arch !== "x64", notX64);
    const folder = await workplace();
    const clone = "syscall(56, 0x800011, 0, 0, 0, 0) or exit 0; wait"; // CLONE_UNTRACED|SIGCHLD
    const ran = await product(folder, ["record", "--name", "app", "--", "perl", "-e", clone]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain("a program made a process that strace cannot see (CLONE_UNTRACED)");
    expect(await readdir(join(folder, "traces/app"))).toEqual(["recording.partial.json"]);
  });

  test("--verify never ends with 0, because nothing was verified", async () => {
    const folder = await workplace();
    const ran = await product(folder, ["record", "--quiet", "--verify", "--name", "app", "--", "true"]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(/the profile was made but not verified/);
    expect((await readdir(join(folder, "profiles"))).sort()).toEqual(["app.json"]);
  });

  test("--until-stable is named among the ends of the recording", async () => {
    const ran = await product(await workplace(), ["record", "--until-stable", "30", "--", "true"]);
    expect(ran.stderr).toContain("ends after 30 s without a new call, with the program or with Ctrl-C");
  });

  test("--lean leaves out calls that every profile allows, and the recording says so", async () => {
    const folder = await workplace();
    const ran = await product(folder, [
      "record",
      "--lean",
      "--name",
      "app",
      "--",
      "sh",
      "-c",
      "umask; ls -d / >/dev/null",
    ]);
    expect(ran).toMatchObject({ exitCode: 0, stdout: "0022" });
    expect(ran.stderr).toMatch(
      /calls are fully known, or allowed anyway, and run untraced\. strace then sets no_new_privs/,
    );
    const recording = await readFile(join(folder, "traces/app/recording.json"), "utf8");
    expect(recording).toContain('"lean":true');
    expect(recording).toContain('"execve"');
    expect(recording).not.toContain('"umask": {"calls"');
    for (const more of [[], ["--exact", "--floor", "crun"]]) {
      const made = await product(folder, ["generate", "traces/app/recording.json", ...more]);
      expect(
        JSON.parse(made.stdout).syscalls.some(
          (group: { names: string[]; action: string }) =>
            group.action === "SCMP_ACT_ALLOW" && group.names.includes("umask"),
        ),
        more.join(" "),
      ).toBe(true);
    }
  });

  test("a killed recording leaves its trace; clean makes a partial recording of it", async () => {
    const folder = await workplace();
    const temporary = await workplace();
    const child = execa(
      process.execPath,
      [cli, "record", "--name", "app", "--", "sh", "-c", "umask; echo up; exec sleep 5"],
      { cwd: folder, reject: false, stdin: "ignore", env: { TMPDIR: temporary } },
    );
    let said = "";
    await new Promise<void>((resolve) =>
      child.stdout.on("data", (data: Buffer) => (said += data.toString()).includes("up") && resolve()),
    );
    await delay(1000);
    child.kill("SIGKILL");
    await child;
    const next = await product(folder, ["record", "--name", "app", "--append", "--", "true"], { TMPDIR: temporary });
    expect(next.stderr).toContain(
      "a recording of app was killed; seccomp-gen clean writes its trace to " + "traces/app/recording.partial.json",
    );
    const cleaned = await product(folder, ["clean"], { TMPDIR: temporary });
    expect(cleaned.stderr).toMatch(/calls of the killed recording of app are in \S*recording\.partial\.json/);
    const partial = await readFile(join(folder, "traces/app/recording.partial.json"), "utf8");
    for (const call of ["umask", "clock_nanosleep"]) expect(partial).toContain(`"${call}"`);
    expect(await readdir(temporary)).toEqual([]);
    const appended = await product(folder, ["record", "--name", "app", "--append", "--", "true"], {
      TMPDIR: temporary,
    });
    expect(appended.exitCode, appended.stderr).toBe(0);
    expect(await readFile(join(folder, "traces/app/recording.json"), "utf8")).toContain('"umask"');
    expect(await readdir(temporary)).toEqual([]);
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
    expect(ran.stderr).toMatch(/no strace was found[^]*apt-get install strace/);
  });
});
