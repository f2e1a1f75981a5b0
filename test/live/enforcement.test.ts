import { mkdir, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { Transform } from "node:stream";
import { expect, test } from "vitest";
import { neededToStart } from "../../src/core/policy/index.ts";
import { docker, product, workplace } from "../support/product.ts";
import { dockersSpellings, spellings } from "../support/spellings.ts";

/** A reader must not assume under which documents engines do not filter, so this asks the engine. */
test.each([...spellings, ...dockersSpellings].filter(([, , engines]) => engines !== "refused"))(
  "the engine filters or does not as our reader says of a document with %s",
  { timeout: 120_000 },
  async (_, text, engines) => {
    const file = join(await workplace(), "p.json");
    await writeFile(file, text);
    const { stdout, stderr } = await docker(
      ...["run", "--rm", "--network", "none", "--security-opt", `seccomp=${file}`],
      ...["seccomp-gen-base:bookworm", "grep", "^Seccomp:", "/proc/1/status"],
    );
    expect(`${stdout}${stderr}`).toMatch(engines === "none" ? /^Seccomp:\s0$/ : /^Seccomp:\s2$/);
  },
);

test("the engine drops a group whose excluded kernel is empty", { timeout: 120_000 }, async () => {
  const file = join(await workplace(), "p.json");
  const excludes = { minKernel: "" };
  const syscalls = [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", excludes }];
  await writeFile(file, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls }));
  const run = ["run", "--rm", "--network", "none", "--security-opt", `seccomp=${file}`];
  expect((await docker(...run, "seccomp-gen-base:bookworm", "mkdir", "/a")).exitCode).toBe(0);
});

test.each(["runc", "crun"] as const)(
  "no container starts under %s without what lint says that it needs",
  { timeout: 170_000 },
  async (runtime) => {
    const file = join(await workplace(), "p.json");
    const exitCode = async (name: string): Promise<number | undefined> => {
      const syscalls = [{ names: [name], action: "SCMP_ACT_ERRNO" }];
      await writeFile(file, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls }));
      const option = `seccomp=${file}`;
      const run = ["run", "--rm", "--runtime", runtime, "--network", "none", "--security-opt", option];
      return (await docker(...run, "--security-opt", "no-new-privileges", "seccomp-gen-test-probe")).exitCode;
    };
    for (const name of neededToStart.runc) {
      const starts = (await exitCode(name)) === 0;
      expect([name, starts]).toEqual([name, !neededToStart[runtime].includes(name)]);
    }
  },
);

test.each(["runc", "crun"])(
  "a profile from the log of an i386 program lets %s start a container, without no-new-privileges too",
  { timeout: 170_000 },
  async (runtime) => {
    const folder = await workplace();
    const lines = ['execve("/app", ["app"], 0xffb6cbf4) = 0', "brk(NULL) = 0x296d000", "exit_group(0) = ?"];
    await writeFile(join(folder, "log"), lines.map((line) => `7 ${line}\n`).join(""));
    expect((await product(folder, ["generate", "log", "--arch", "i386", "-o", "p.json"])).exitCode).toBe(0);
    const option = `seccomp=${join(folder, "p.json")}`;
    const run = ["run", "--rm", "--runtime", runtime, "--network", "none", "--security-opt", option];
    expect((await docker(...run, "seccomp-gen-test-probe")).stderr).toBe("");
  },
);

/** A program between the command and the engine that changes what one of them says. */
function forwarder(socket: string, forged: { readonly asks?: Forgery; readonly answers?: Forgery }): Server {
  const engine = (process.env["DOCKER_HOST"] ?? "").replace("unix://", "");
  const changed = ([from, to]: Forgery): Transform =>
    new Transform({
      transform: (bytes: Buffer, _, done) =>
        done(null, Buffer.from(bytes.toString("latin1").replaceAll(from, to), "latin1")),
    });
  return createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ path: engine, allowHalfOpen: true });
    client
      .pipe(changed(forged.asks ?? ["", ""]))
      .pipe(upstream)
      .pipe(changed(forged.answers ?? ["", ""]))
      .pipe(client);
    for (const side of [client, upstream]) side.on("error", () => void (client.destroy(), upstream.destroy()));
  }).listen(socket);
}

/** Two texts of the same length. */
type Forgery = readonly [from: string, to: string];

async function verifiedThrough(forged: Parameters<typeof forwarder>[1], how = "p.json"): ReturnType<typeof product> {
  const folder = await workplace();
  await mkdir(join(folder, "profiles"));
  for (const file of ["p.json", "profiles/seccomp-gen-base.json"])
    await writeFile(join(folder, file), '{"defaultAction":"SCMP_ACT_ALLOW"}');
  const between = forwarder(join(folder, "engine.sock"), forged);
  const command = ["docker", "run", "--rm", "--network", "none", "seccomp-gen-base:bookworm", "sleep", "30"];
  try {
    return await product(folder, ["verify", how, "--stop-after", "3", "--", ...command], {
      DOCKER_HOST: `unix://${join(folder, "engine.sock")}`,
    });
  } finally {
    between.close();
  }
}

test("verify asks the kernel: a container that runs without the filter fails", { timeout: 170_000 }, async () => {
  const { exitCode, stderr } = await verifiedThrough({ asks: ["defaultAction", "defaultActiox"] });
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("NO FILTER AT ALL: the kernel says Seccomp: 0")]);
});

test("verify --containers asks the kernel of each container", { timeout: 170_000 }, async () => {
  const forged = { asks: ["defaultAction", "defaultActiox"] } as const;
  const bare = await verifiedThrough(forged, "--containers");
  expect([bare.exitCode, bare.stderr]).toEqual([
    1,
    expect.stringContaining("verify seccomp-gen-base: FAILED: NO FILTER AT ALL: the kernel says Seccomp: 0"),
  ]);
  const confined = await verifiedThrough({}, "--containers");
  expect([confined.exitCode, confined.stderr]).toEqual([0, expect.stringContaining("with seccomp-gen-base under")]);
  expect(confined.stderr).not.toContain("the kernel was not asked");
});

test("verify says that it could not ask the kernel of another machine", { timeout: 170_000 }, async () => {
  // The engine's process ids mean nothing here.
  const { exitCode, stderr } = await verifiedThrough({ answers: ['"Pid":', '"Pix":'] });
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining("passed")]);
  expect(stderr).toContain("the kernel was not asked whether the container had a filter");
  expect((await verifiedThrough({})).stderr).not.toContain("the kernel was not asked");
});
