import { execa } from "execa";
import { spawn } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cli, product, workplace } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";
let state: string;
let engine: { readonly ended: Promise<unknown>; readonly pid: number };
let env: { readonly DOCKER_HOST: string };

async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await execa("docker", args, { env, reject: false, timeout: 60_000, stdin: "ignore" });
  return stdout;
}

/**
 * A second engine in a network namespace of its own: in the first one's, it would take the bridge
 * and the firewall's rules of the first away.
 */
async function start(): Promise<typeof engine> {
  const pidFile = join(state, "pid");
  await rm(pidFile, { force: true });
  const words = ["--data-root", join(state, "data"), "--exec-root", join(state, "exec"), "--pidfile", pidFile];
  const script = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec dockerd "$@"';
  const command = ["--net", "--mount", "--propagation", "slave", "sh", "-c", script, "dockerd", ...words];
  const ended = execa("unshare", [...command, "-H", env.DOCKER_HOST], { reject: false, stdio: "ignore" });
  await expect.poll(() => docker("version", "--format", "{{.Server.Version}}"), { timeout: 60_000 }).not.toBe("");
  return { ended, pid: Number(await readFile(pidFile, "utf8")) };
}

async function stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  process.kill(engine.pid, signal);
  await engine.ended;
}

beforeAll(async () => {
  state = await workplace();
  env = { DOCKER_HOST: `unix://${join(state, "docker.sock")}` };
  engine = await start();
  const save = execa("docker", ["save", image], { buffer: false, encoding: "buffer" });
  await save.pipe("docker", ["load"], { env, timeout: 200_000 });
});

afterAll(async () => {
  await stop("SIGTERM");
  await rm(state, { recursive: true, force: true });
});

test.each(["SIGTERM", "SIGKILL"] as const)(
  "an engine that ends by %s and comes back: said, what was seen is kept, nothing is left, the command went on",
  async (signal) => {
    const folder = await workplace();
    const run = `docker run --rm --network none ${image} sh -c`;
    const script =
      `${run} 'ls /; sleep 60'; echo first ended; ` +
      `until docker version >/dev/null 2>&1; do sleep 0.5; done; ${run} 'echo second'`;
    const words = ["record", "--name", "app", "--containers", "--", "sh", "-c", script];
    const child = spawn(process.execPath, [cli, ...words], { cwd: folder, env: { ...process.env, ...env } });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (text: Buffer) => (said.stdout += text.toString()));
    child.stderr.on("data", (text: Buffer) => (said.stderr += text.toString()));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await expect.poll(() => said.stdout, { timeout: 100_000 }).toContain("usr\nvar");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await stop(signal);
    engine = await start();
    expect(await ended, said.stderr).toBe(2);
    expect(said.stdout).toMatch(/first ended\nsecond\n$/);
    expect(said.stderr).toMatch(/the trace broke off: .*ended before the workload did/);
    expect(await readdir(join(folder, "traces/app"))).toEqual(["recording.partial.json"]);
    expect(await readFile(join(folder, "traces/app/recording.partial.json"), "utf8")).toContain('"getdents64"');
    expect((await product(folder, ["clean"], env)).exitCode).toBe(0);
    expect(`${await docker("ps", "-aq")}${await docker("volume", "ls", "-q")}`).toBe("");
  },
);
