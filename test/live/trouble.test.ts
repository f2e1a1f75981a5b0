import { execa } from "execa";
import { chmod, cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { notRoot } from "../support/machine.ts";
import { cli, docker, leftovers, product, workplace } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";
let before = "";
let folder = "";
beforeAll(async () => {
  // An earlier run of these tests may have been killed and left something on the engine. `clean` below would find it.
  await product(await workplace(), ["clean"]);
  before = await leftovers();
});
beforeEach(async () => {
  folder = await workplace();
});
afterAll(async () => {
  expect(await leftovers()).toBe(before);
});

/** Everything in the folder, even files that should not be there. */
async function files(): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

describe("trouble with the engine is told, with what to do, and nothing is written: the engine", () => {
  test("is not there", async () => {
    const ran = await product(folder, ["record", "--", "docker", "run", image], {
      DOCKER_HOST: "unix:///nowhere.sock",
    });
    expect(ran).toMatchObject({ exitCode: 2, stdout: "" });
    expect(ran.stderr).toMatch(/no docker engine answers[^]*systemctl start docker/);
    expect(await files()).toEqual([]);
  });

  test("cannot be called", async () => {
    const ran = await product(folder, ["record", "--", "docker", "run", image], { PATH: folder });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(/cannot run docker: not found in PATH/);
  });

  test("may not be used by this user", async ({ skip }) => {
    const host = process.env["DOCKER_HOST"] ?? "";
    skip(process.getuid?.() !== 0, notRoot);
    skip(!host.startsWith("unix:"), "the engine is not on a socket of this machine");
    // Another user may be unable to enter the folders above this checkout and above Node. So both get a place that
    // everybody can enter.
    const open = await workplace();
    await chmod(open, 0o777);
    await mkdir(join(open, "product"));
    await cp(process.execPath, join(open, "node"));
    const { stderr, exitCode } = await execa(
      "unshare",
      [
        "-m",
        "sh",
        "-ec",
        'mount --bind "$1" "$2/product"; cd "$2"; exec su nobody -s /bin/sh -c "$3"',
        "sh",
        join(cli, "../.."),
        open,
        `DOCKER_HOST=${host} ./node product/dist/cli.cjs record -- docker run ${image} true`,
      ],
      { reject: false },
    );
    expect(stderr).toMatch(/may not talk to the docker engine[^]*sudo/);
    expect(exitCode).toBe(2);
  });
});

test("rules that would take forever to compare are named, and what to do", async () => {
  const bit = (index: number, at: number): object => ({
    index,
    value: 2 ** at,
    valueTwo: 2 ** at,
    op: "SCMP_CMP_MASKED_EQ",
  });
  const syscalls = Array.from({ length: 32 }, (_, at) => ({
    names: ["ioctl"],
    action: "SCMP_ACT_ALLOW",
    args: [bit(0, at), bit(1, 31 - at)],
  }));
  await writeFile(join(folder, "puzzle.json"), JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", syscalls }));
  const ran = await product(folder, ["diff", "puzzle.json"]);
  expect(ran).toMatchObject({ exitCode: 2, stdout: "" });
  expect(ran.stderr).toMatch(
    /error: these rules cannot be compared: the rules of ioctl overlap in too many ways\n.*Name the values/,
  );
});

describe("trouble with the image is told, with what to do: the image", () => {
  test("is unknown and cannot be pulled", async () => {
    const ran = await product(folder, ["record", "--", "docker", "run", "localhost:1/no/such-image:1"]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(/no image localhost:1\/no\/such-image:1[^]*build or pull the image first/);
    expect(ran.stderr.match(/connection refused/g)).toHaveLength(1);
    expect(await files()).toEqual([]);
  });
});

describe("trouble with the workload is told: the workload", () => {
  test("does not exist", async () => {
    const ran = await product(folder, ["record", "--", "docker", "run", "--rm", image, "/no/such/program"]);
    expect(ran.exitCode).toBe(127);
    expect(ran.stderr).toMatch(/\/no\/such\/program: No such file[^]*did not start/);
    expect(ran.stderr.match(/No such file/g)).toHaveLength(1);
    expect(await files()).toEqual([]);
  });

  test("is killed, whose exit code is told: what was seen of it is kept as a partial recording", async () => {
    const ran = await product(folder, [
      "record",
      "--name",
      "app",
      "--while",
      "docker kill $SECCOMP_GEN_CONTAINER; sleep 1; exit 1",
      "--",
      "docker",
      "run",
      "--rm",
      image,
      "sleep",
      "60",
    ]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(/the container ended by itself with exit code 137; .*--while command/);
    expect((await files()).filter((path) => path.endsWith(".json"))).toEqual([
      join("traces", "app", "recording.partial.json"),
    ]);
  });

  test("cannot be started by the engine", async () => {
    const ran = await product(folder, [
      "record",
      "--",
      "docker",
      "run",
      "--rm",
      "--workdir",
      "/etc/passwd",
      image,
      "true",
    ]);
    expect(ran.exitCode).toBeGreaterThan(124);
    expect(ran.stderr).toMatch(/did not start/);
    expect(await files()).toEqual([]);
  });
});

describe("writing", () => {
  test("to a place that is no folder fails before anything runs", async () => {
    await writeFile(join(folder, "traces"), "a file");
    const ran = await product(folder, ["record", "--name", "app", "--", "docker", "run", "--rm", image, "echo", "ran"]);
    expect(ran).toMatchObject({ exitCode: 2, stdout: "" });
    expect(ran.stderr).toMatch(/traces\/app\/recording.json: part of the path is not a folder/);
    expect(await files()).toEqual(["traces"]);
  });

  test("to a full disk leaves what was there", async ({ skip }) => {
    skip(process.getuid?.() !== 0, notRoot);
    await mkdir(join(folder, "profiles"));
    const kept = "x".repeat(3000);
    await execa("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", join(folder, "profiles")]);
    try {
      await writeFile(join(folder, "profiles", "app.json"), kept);
      const ran = await product(folder, ["record", "--name", "app", "--", "docker", "run", "--rm", image, "true"]);
      expect(ran.exitCode).toBe(2);
      expect(ran.stderr).toMatch(/cannot write profiles\/app.json: no space left/);
      expect(await readFile(join(folder, "profiles", "app.json"), "utf8")).toBe(kept);
      expect(await readdir(join(folder, "profiles"))).toEqual(["app.json"]);
      // It was recorded, and the trace waits on the engine.
      expect(ran.stderr).toContain("seccomp-gen clean writes them to traces/app/recording.partial.json");
    } finally {
      await execa("umount", [join(folder, "profiles")]);
    }
    const cleaned = await product(folder, ["clean"]);
    expect(cleaned.exitCode, cleaned.stderr).toBe(0);
    expect(await readFile(join(folder, "traces/app/recording.partial.json"), "utf8")).toContain('"execve"');
    expect(await leftovers()).toBe(before);
  });

  test("never replaces more by less", async () => {
    const more = await product(folder, ["record", "--name", "app", "--", "docker", "run", "--rm", image, "ls", "/"]);
    expect(more.exitCode, more.stderr).toBe(0);
    const recording = await readFile(join(folder, "traces/app/recording.json"), "utf8");
    const less = await product(folder, ["record", "--name", "app", "--", "docker", "run", "--rm", image, "true"]);
    expect(less.exitCode).toBe(2);
    expect(less.stderr).toMatch(/holds calls that this recording did not see[^]*--append/);
    expect(await readFile(join(folder, "traces/app/recording.json"), "utf8")).toBe(recording);
    const both = await product(folder, [
      "record",
      "--name",
      "app",
      "--append",
      "--",
      "docker",
      "run",
      "--rm",
      image,
      "true",
    ]);
    expect(both.exitCode, both.stderr).toBe(0);
  });
});

describe("a file that is not what it should be", () => {
  test.each([
    ["no JSON", ["diff", "broken"], "not json", /broken holds no profile/],
    [
      "no profile",
      ["diff", "broken"],
      '"a text"',
      /broken holds no profile\n {2}A profile is a JSON document with a defaultAction/,
    ],
    ["no profile to verify", ["verify", "broken", "--", "docker", "run", image], "[]", /has to be an object/],
    ["an empty trace", ["generate", "broken"], "", /no readable system call/],
    ["a binary file as trace", ["generate", "broken"], "\u0000\u0001\uFFFD\n\u0002ELF", /no readable system call/],
    ["a recording cut short", ["generate", "broken"], '{"version": 1, "name": "a', /not a recording/],
    ["no such file", ["generate", "other"], "", /cannot read other: no such file/],
    [
      "no profile before the command",
      ["verify", "--", "docker", "run", "app"],
      "",
      /verify was given no profile\n {2}Name it before the command/,
    ],
  ])("is refused with what is wrong: %s", async (_, args, content, message) => {
    await writeFile(join(folder, "broken"), content);
    const ran = await product(folder, args);
    expect(ran).toMatchObject({ exitCode: 2, stdout: "" });
    expect(ran.stderr).toMatch(message);
  });

  test("is read as far as it goes, if it is a trace cut short", async () => {
    await writeFile(
      join(folder, "log"),
      '7 execve("/bin/x", ["x"], 0x1 /* 1 var */) = 0\n7 openat(AT_FDCWD, "/etc/pas',
    );
    const ran = await product(folder, ["generate", "log", "--arch", "amd64"]);
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ defaultAction: "SCMP_ACT_ERRNO" });
  });
});

describe.each(["SIGINT", "SIGTERM"] as const)("%s", (signal) => {
  test("ends a service in order: profile written, nothing left behind", async () => {
    const child = execa(
      "node",
      [cli, "record", "--name", "app", "--", "docker", "run", "--rm", "--network", "none", "seccomp-gen-test-nginx"],
      { cwd: folder, reject: false, stdin: "ignore", forceKillAfterDelay: 60_000 },
    );
    await running("seccomp-gen-test-nginx");
    await delay(1500);
    child.kill(signal);
    const { exitCode, stderr } = await child;
    expect(stderr).toContain("profile made");
    expect(exitCode).toBe(0);
    expect(await files()).toContain(join("profiles", "app.json"));
    expect(await leftovers()).toBe(before);
  });

  test("during verify ends it without a verdict and leaves nothing behind", async () => {
    await product(folder, [
      "record",
      "--name",
      "app",
      "--stop-after",
      "2",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      "seccomp-gen-test-nginx",
    ]);
    const child = execa(
      "node",
      [
        cli,
        "verify",
        "profiles/app.json",
        "--",
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "seccomp-gen-test-nginx",
      ],
      { cwd: folder, reject: false, stdin: "ignore", forceKillAfterDelay: 60_000 },
    );
    await running("seccomp-gen-test-nginx");
    child.kill(signal);
    expect((await child).exitCode).toBe(2);
    expect(await leftovers()).toBe(before);
  });
});

test("after kill -9, clean keeps what was traced and removes the rest, but not what is alive", async () => {
  const start = (name: string) =>
    execa(
      process.execPath,
      [
        cli,
        "record",
        "--name",
        name,
        "--",
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "--name",
        `seccomp-gen-live-${name}`,
        "seccomp-gen-test-nginx",
      ],
      { cwd: folder, reject: false, stdio: "ignore", forceKillAfterDelay: 60_000 },
    );
  const alive = start("alive");
  const killed = start("killed");
  for (
    let tries = 0;
    tries < 100 && (await docker("ps", "-q", "--filter", "name=seccomp-gen-live-")).stdout.split("\n").length < 2;
    tries += 1
  )
    await delay(100);
  await delay(500);
  killed.kill("SIGKILL");
  await killed;
  try {
    const next = await product(folder, [
      "record",
      "--name",
      "killed",
      "--force",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      image,
      "/bin/true",
    ]);
    expect(next.stderr).toContain(
      "a recording in this folder was killed; seccomp-gen clean writes its trace to the " +
        "recording.partial.json of each container",
    );
    const cleaned = await product(folder, ["clean"]);
    expect(cleaned.exitCode, cleaned.stderr).toBe(0);
    expect((await docker("ps", "--format", "{{.Names}}", "--filter", "name=seccomp-gen-live-")).stdout).toBe(
      "seccomp-gen-live-alive",
    );
    expect((await product(folder, ["clean"])).stderr).toContain("nothing left behind");
    const partial = await readFile(join(folder, "traces/killed/recording.partial.json"), "utf8");
    expect(partial).toContain('"ended":"cut"');
    expect(partial).toContain('"listen"');
    const appended = await product(folder, [
      "record",
      "--name",
      "killed",
      "--append",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      image,
      "/bin/true",
    ]);
    expect(appended.exitCode, appended.stderr).toBe(0);
    expect(await readFile(join(folder, "traces/killed/recording.json"), "utf8")).toContain('"listen"');
    expect(await files()).not.toContain(join("traces", "killed", "recording.partial.json"));
  } finally {
    alive.kill("SIGTERM");
    await alive;
  }
  expect(await leftovers()).toBe(before);
});

async function running(ancestor: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await docker("ps", "-q", "--filter", `ancestor=${ancestor}`)).stdout !== "") return;
    await delay(100);
  }
  throw new Error(`no container of ${ancestor}`);
}
