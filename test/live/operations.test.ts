import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { callsOfOperation } from "../../src/core/seccomp/index.ts";
import { errnoName, operations, syscallNames, syscallNumber, type Operation } from "../../src/core/tables/index.ts";
import { notX64 } from "../support/machine.ts";
import { docker, product, workplace } from "../support/product.ts";

// Tries each operation of the table in a container, under the profile of a program that makes the same calls in another
// way.

const arch = "SCMP_ARCH_X86_64";
const image = "seccomp-gen-test-operations";
/** An errno that no kernel returns. A call that gets it met a rule of the profile. */
const mark = 177;

interface Attempt {
  readonly operation: Operation;
  readonly name: string;
  /** The form in which the program takes it. */
  readonly call: string;
}

const attempts = operations.flatMap((operation) =>
  [...new Set(operation.forms.flatMap(({ names }) => names))]
    .filter((name) => syscallNames(arch).includes(name) && syscallNumber(arch, name) !== undefined)
    .flatMap((name): readonly Attempt[] =>
      callsOfOperation(operation, { arch }, name).map(({ nr, args }) => ({
        operation,
        name,
        call: [nr, ...args].join(),
      })),
    ),
);
/** "peek" is left out: its programs' code is not known to avoid it. */
const closed = attempts.filter(({ operation }) => operation.id !== "peek");
const number = (name: string): number => syscallNumber(arch, name) ?? -1;
/** The same calls as a plain service makes them. Most fail because there is no descriptor. */
const usual = [
  [number("socket"), 2, 1, 0],
  [number("socket"), 10, 2, 17],
  [number("setsockopt"), 0, 1, 2, 0, 0],
  [number("setsockopt"), 0, 6, 1, 0, 0],
  [number("futex"), 0, 129, 1],
  [number("ioctl"), 0, 0x5401, 0],
  [number("pipe2"), 0, 0x80000],
  [number("sendto"), 0, 0, 0, 0x4000, 0, 0],
  [number("sendmsg"), 0, 0, 0x40],
  [number("sendmmsg"), 0, 0, 0, 0],
  [number("recvfrom"), 0, 0, 0, 0x4000, 0, 0],
  [number("recvmsg"), 0, 0, 0x40],
  [number("recvmmsg"), 0, 0, 0, 0, 0],
  [number("timer_create"), 1, 0, 0],
  [number("clock_nanosleep"), 0, 0, 0, 0],
  [number("timerfd_settime"), 0, 1, 0, 0],
  [number("waitid"), 0, 0, 0, 4, 0],
].map((parts) => parts.join());

let folder = "";
beforeAll(async () => {
  folder = await workplace();
  const context = fileURLToPath(new URL("workloads/operations/", import.meta.url));
  await execa("docker", ["build", "-q", "--network", "host", "-t", image, context], {
    env: { DOCKER_BUILDKIT: "0" },
    timeout: 600_000,
    stdout: "ignore",
  });
});

beforeEach(({ skip }) => skip(process.arch !== "x64", notX64));

/** Records the program with these calls; resolves to the path of its profile. */
async function profileOf(name: string, calls: readonly string[], ...options: readonly string[]): Promise<string> {
  const command = ["docker", "run", "--rm", "--network", "none", image, ...calls];
  const recorded = await product(folder, ["record", "--name", name, ...options, "--", ...command]);
  expect(recorded.exitCode, recorded.stderr).toBe(0);
  return join(folder, "profiles", `${name}.json`);
}

/** The errno of each call in a container of the runtime, under the profile. */
async function errnos(profile: string, calls: readonly string[], runtime = "runc"): Promise<readonly number[]> {
  const options = ["--runtime", runtime, "--network", "none", "--security-opt", `seccomp=${profile}`];
  const ran = await docker("run", "--rm", ...options, image, ...calls);
  expect(ran.exitCode, ran.stderr).toBe(0);
  return ran.stdout.trim().split("\n").map(Number);
}

/** The same profile, except that every denied call or argument answers `mark`. */
async function marked(profile: string): Promise<string> {
  const text = await readFile(profile, "utf8");
  const file = profile.replace(".json", "-marked.json");
  await writeFile(
    file,
    text
      .replaceAll(/"errnoRet": \d+/g, `"errnoRet": ${mark}`)
      .replace(/"defaultErrnoRet": \d+/, `"defaultErrnoRet": ${mark}`),
  );
  return file;
}

test.each(["runc", "crun"])(
  "an operation that was not seen is denied under %s, with the table's answer",
  async (runtime) => {
    const profile = await profileOf(`usual-${runtime}`, usual);
    const calls = closed.map(({ call }) => call);
    const met = await errnos(await marked(profile), calls, runtime);
    const passed = closed.filter((_, at) => met[at] !== mark).map(({ operation, call }) => `${operation.id} ${call}`);
    expect(passed).toEqual([]);
    const answers = (await errnos(profile, calls, runtime)).map((errno) => errnoName(errno));
    expect(closed.map(({ operation, name }, at) => `${operation.id} by ${name}: ${answers[at]}`)).toEqual(
      closed.map(({ operation, name }) => `${operation.id} by ${name}: ${operation.answer.errno}`),
    );
    const own = await errnos(await marked(profile), usual, runtime);
    expect(own.filter((errno) => errno === mark)).toEqual([]);
  },
);

test.each(["standard", "strict"])("an operation that was seen is allowed (--args %s)", async (tier) => {
  const calls = attempts.map(({ call }) => call).filter((call) => !call.startsWith(`${number("waitid")},`));
  const met = await errnos(await marked(await profileOf(`all-${tier}`, calls, "--args", tier)), calls);
  expect(calls.filter((_, at) => met[at] === mark)).toEqual([]);
});

describe("a library whose operation is denied does without it", () => {
  const libraries = "seccomp-gen-test-libraries";
  const builds = ["glibc", "glibc-static", "musl", "musl-static"];
  const locks = (build: string, ...words: readonly string[]) => [libraries, `/libraries/${build}`, ...words];

  beforeAll(async () => {
    const context = fileURLToPath(new URL("workloads/libraries/", import.meta.url));
    await execa("docker", ["build", "-q", "--network", "host", "-t", libraries, context], {
      env: { DOCKER_BUILDKIT: "0" },
      timeout: 600_000,
      stdout: "ignore",
    });
  }, 600_000);

  test.each(builds)("%s: a lock that would inherit priorities is a plain one", async (build) => {
    const options = ["--rm", "--network", "none"];
    const recorded = await product(folder, [
      ...["record", "--name", build, "--"],
      ...["docker", "run", ...options, ...locks(build)],
    ]);
    expect(recorded.exitCode, recorded.stderr).toBe(0);
    const free = await docker("run", ...options, ...locks(build, "inherit"));
    expect(free).toMatchObject({ exitCode: 0, stdout: "inheriting lock, counted 40000" });
    const security = `seccomp=${join(folder, "profiles", `${build}.json`)}`;
    expect(await docker("run", ...options, "--security-opt", security, ...locks(build, "inherit"))).toMatchObject({
      exitCode: 0,
      stdout: "plain lock, counted 40000",
    });
  });
});
