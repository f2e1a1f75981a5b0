import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, expect, test } from "vitest";
import { type Ran, docker, product, workplace } from "../support/product.ts";

// A program is recorded on a usual day. The test then runs its other days under that profile.

const image = "seccomp-gen-test-days";
const profiles = { usual: "", init: "" };
let services: string[] = [];

beforeAll(async () => {
  const context = fileURLToPath(new URL("workloads/days/", import.meta.url));
  await execa("docker", ["build", "-q", "--network", "host", "-t", image, context], {
    env: { DOCKER_BUILDKIT: "0" },
    timeout: 600_000,
    stdout: "ignore",
  });
  const folder = await workplace();
  for (const [name, options] of [
    ["usual", []],
    ["init", ["--init"]],
  ] as const) {
    const recorded = await product(folder, [
      "record",
      "--name",
      name,
      "--",
      "docker",
      "run",
      "--rm",
      ...options,
      "--network",
      "none",
      image,
    ]);
    expect(recorded.exitCode, recorded.stderr).toBe(0);
    profiles[name] = join(folder, "profiles", `${name}.json`);
  }
});

afterEach(async () => {
  for (const id of services) await docker("rm", "-f", id);
  services = [];
});

const confined = (options: readonly string[], ...command: readonly string[]): Promise<Ran> =>
  docker(
    "run",
    "--rm",
    "--network",
    "none",
    "--security-opt",
    `seccomp=${profiles.usual}`,
    ...options,
    image,
    ...command,
  );
const free = (options: readonly string[], ...command: readonly string[]): Promise<Ran> =>
  docker("run", "--rm", "--network", "none", ...options, image, ...command);

async function serve(mode: string): Promise<string> {
  const { stdout, stderr, exitCode } = await docker(
    "run",
    "-d",
    "--network",
    "none",
    "--security-opt",
    `seccomp=${profiles.usual}`,
    image,
    "/days",
    mode,
  );
  expect(exitCode, stderr).toBe(0);
  services.push(stdout);
  return stdout;
}

/** The usual profile without one call. */
async function without(call: string): Promise<string> {
  const text = JSON.parse(await readFile(profiles.usual, "utf8")) as { syscalls: { names: string[] }[] };
  const path = `${profiles.usual}.without-${call}.json`;
  await writeFile(
    path,
    JSON.stringify({
      ...text,
      syscalls: text.syscalls
        .map((group) => ({ ...group, names: group.names.filter((name) => name !== call) }))
        .filter(({ names }) => names.length > 0),
    }),
  );
  return path;
}

test("a program without a vDSO asks the kernel for the time, which the profile allows", async () => {
  expect(await confined([], "/days-without-vdso", "clock")).toMatchObject({
    exitCode: 0,
    stdout: "it is time, vDSO hidden",
  });
  expect(
    await docker(
      "run",
      "--rm",
      "--network",
      "none",
      "--security-opt",
      `seccomp=${await without("clock_gettime")}`,
      image,
      "/days-without-vdso",
      "clock",
    ),
  ).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^no time/) });
});

test("malloc of all sizes works as without a profile, also within limits", async () => {
  expect(await confined([], "/days", "memory")).toMatchObject({ exitCode: 0, stdout: "memory held" });
  expect(await confined([], "/days", "limited")).toEqual(await free([], "/days", "limited"));
  const little = ["--memory", "16m", "--memory-swap", "16m"];
  expect((await confined(little, "/days", "memory")).exitCode).toBe((await free(little, "/days", "memory")).exitCode);
});

test("8 threads that contend count right", async () => {
  expect(await confined([], "/days", "threads")).toMatchObject({ exitCode: 0, stdout: "counted 160000" });
});

test("a program that is stopped and continued in the middle of a sleep sleeps on", async () => {
  const id = await serve("sleep");
  const pid = Number((await docker("inspect", "-f", "{{.State.Pid}}", id)).stdout);
  // 0 once it has ended. Signalling 0 would hit this test's own process group.
  expect(pid, (await docker("logs", id)).stdout).toBeGreaterThan(0);
  process.kill(pid, "SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.kill(pid, "SIGCONT");
  expect((await docker("wait", id)).stdout).toBe("0");
  expect((await docker("logs", id)).stdout).toBe("asleep\nslept 0");
});

test("an abort that dumps core ends as an abort", async () => {
  const dumping = ["--ulimit", "core=-1", "--workdir", "/tmp"];
  expect(
    (await confined(["--init", ...dumping, "--security-opt", `seccomp=${profiles.init}`], "/days", "abort")).exitCode,
  ).toBe(134);
  expect((await confined(dumping, "/days", "abort")).exitCode).toBe((await free(dumping, "/days", "abort")).exitCode);
});

test("all that docker does with a container works", async () => {
  const id = await serve("serve");
  const works = async (...words: readonly string[]) => {
    const ran = await docker(...words);
    expect(ran.exitCode, `docker ${words.join(" ")}: ${ran.stderr}`).toBe(0);
    return ran.stdout;
  };
  await works("pause", id);
  await works("unpause", id);
  expect(await works("exec", id, "/days", "usual")).toContain("usual");
  expect(await works("exec", "-t", id, "/days", "usual")).toContain("usual");
  expect(await works("top", id)).toContain("/days serve");
  await works("cp", `${id}:/days`, `${profiles.usual}.copy`);
  await works("cp", profiles.usual, `${id}:/tmp/copied`);
  await works("stop", "-t", "1", id);
  await works("start", id);
  await works("restart", "-t", "1", id);
  expect(await works("logs", id)).toBe("serving\nserving\nserving");
});

test("a program works with a terminal, into which nobody can type", async () => {
  expect((await confined(["-t"], "/days", "usual")).stdout).toContain("usual");
  const words = (await confined(["-t"], "/days", "terminal")).stdout.split(/\r?\n/);
  expect(words).toEqual(["settings 0", "typing: Input/output error", "pasting: Input/output error"]);
});

test("a program works with standard streams of all kinds, as without a profile", async () => {
  expect(await confined([], "/days", "input")).toMatchObject({ exitCode: 0, stdout: "read 0" });
  expect(await confined([], "/days", "closed", "input")).toMatchObject({ exitCode: 3, stdout: "" });
  expect(await confined([], "/days", "closed", "usual")).toMatchObject({ exitCode: 3, stdout: "" });
  // A shell would need calls that /days does not make, so the engine's client gets the streams.
  const run = `docker run --rm --network none --security-opt seccomp=${profiles.usual}`;
  const shell = async (command: string) =>
    (await execa("sh", ["-c", command], { reject: false, timeout: 120_000 })).stdout;
  expect(await shell(`${run} ${image} | cat`)).toContain("usual");
  expect(await shell(`${run} ${image} > ${profiles.usual}.out && cat ${profiles.usual}.out`)).toContain("usual");
  expect(await shell(`echo abc | ${run} -i ${image} /days input`)).toBe("read 4");
});
