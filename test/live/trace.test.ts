import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { inspectImage, parseRunCommand, sideProcesses, type Exercise } from "../../src/run/container/index.ts";
import { ownProcess, ownSession } from "../../src/project/index.ts";
import { ensureTracer, openTrace, readTrace, traceAll, type TraceRequest } from "../../src/run/tracer/index.ts";

const base = "seccomp-gen-base:bookworm";
const wishes = {
  untraced: traceAll,
  stopAfter: undefined,
  interrupted: new AbortController().signal,
  notice: () => undefined,
} as const;

type More = Partial<Pick<Exercise, "stopAfter" | "interrupted" | "while">> & { readonly exec?: readonly string[] };

async function inContainer(words: readonly string[], { exec = [], ...more }: More = {}): Promise<TraceRequest> {
  const run = await parseRunCommand(["docker", "run", "--rm", "--network", "none", base, ...words]);
  if (run === undefined) throw new Error("no run command");
  const image = await inspectImage(run, () => undefined);
  const bundle = await ensureTracer(run.cli, "x86_64", () => undefined);
  const sides = sideProcesses(run, image, exec);
  const streams = "kept";
  return {
    ...wishes,
    while: undefined,
    ...more,
    on: "container",
    run,
    image,
    bundle,
    place: "sidecar",
    sides,
    streams,
  };
}

async function onHost(words: readonly string[], more: More = {}): Promise<TraceRequest> {
  return { ...wishes, ...more, on: "host", words };
}

/** The log as text, once the trace has ended. */
async function traced(request: TraceRequest) {
  const logs = new Map<string, string>();
  const ends = new Map<string, unknown>();
  await using trace = await openTrace(request);
  const end = await readTrace(trace, async (log) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of log.chunks) chunks.push(chunk);
    logs.set(log.name, Buffer.concat(chunks).toString("latin1"));
    if (log !== trace) ends.set(log.label, await log.end);
  });
  return { logs, end, ends };
}

/** What this process has left: containers, volumes, folders. */
async function leftBehind(): Promise<readonly string[]> {
  const filter = ["--filter", `label=seccomp-gen.session=${ownSession()}`];
  const containers = await execa("docker", ["ps", "-aq", ...filter]);
  const volumes = await execa("docker", ["volume", "ls", "-q", ...filter]);
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(`seccomp-gen-${ownProcess()}-`));
  return [...containers.stdout.split("\n"), ...volumes.stdout.split("\n"), ...folders].filter((name) => name !== "");
}

describe.each([
  ["in a container", inContainer],
  ["on this host", onHost],
])("a trace %s", (_, request) => {
  test("ends with the program, and nothing of it is left", async () => {
    const { logs, end } = await traced(await request(["sh", "-c", "exit 3"]));
    expect(end).toMatchObject({ kind: "exited", exitCode: 3, killed: false });
    expect([...logs.keys()]).toEqual(["main"]);
    expect(logs.get("main")).toMatch(/execve\("\S*sh", [^]*exit_group\S*\(3\)/);
    expect(await leftBehind()).toEqual([]);
  });

  // The kernel protects a container's first process from its own SIGKILL: there, the exit code says it.
  test("says that SIGKILL ended the program", async () => {
    const { end } = await traced(await request(["sh", "-c", "sleep 1; kill -9 $$; exit 137"]));
    expect(end).toMatchObject({ kind: "exited", exitCode: 137, killed: true });
  });

  test("is stopped by who reads it", async () => {
    await using trace = await openTrace(await request(["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]));
    const end = await readTrace(trace, async ({ chunks }) => {
      let isStopped = false;
      for await (const chunk of chunks) {
        // Once it sleeps, it has set its trap.
        if (isStopped || !/execve\("[^"]*\/sleep"/.test(Buffer.from(chunk).toString("latin1"))) continue;
        isStopped = true;
        trace.stop();
      }
    });
    expect(end).toMatchObject({ kind: "stopped", by: "enough", exitCode: 0 });
  });

  test("is stopped after its time, and by an interrupt", async () => {
    const sleeps = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"];
    const stopped = await traced(await request(sleeps, { stopAfter: 1 }));
    expect(stopped.end).toMatchObject({ kind: "stopped", by: "stop-after", exitCode: 0 });
    const interrupted = await traced(await request(sleeps, { interrupted: AbortSignal.timeout(3000) }));
    expect(interrupted.end).toMatchObject({ kind: "stopped", by: "interrupt" });
  });

  test("that is disposed of before its end ends the program and removes what was made", async () => {
    const failure = new Error("a defect of the reader");
    const open = async (): Promise<void> => {
      await using _ = await openTrace(await request(["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]));
      expect((await leftBehind()).length).toBeGreaterThan(0);
      throw failure;
    };
    await expect(open()).rejects.toBe(failure);
    expect(await leftBehind()).toEqual([]);
  });

  test("keeps its stored log until that is removed", async () => {
    const trace = await openTrace({ ...(await request(["true"])), facts: () => "{}" });
    const removeLog = trace.keep();
    await readTrace(trace, async ({ chunks }) => {
      for await (const chunk of chunks) expect(chunk.length).toBeGreaterThan(0);
    });
    await trace[Symbol.asyncDispose]();
    expect(await leftBehind()).toHaveLength(1);
    await removeLog();
    expect(await leftBehind()).toEqual([]);
  });
});

test("processes beside the workload are traces of their own, each with its end", async () => {
  const { logs, ends } = await traced(await inContainer(["sleep", "60"], { stopAfter: 1, exec: ["id -u", "false"] }));
  expect([...logs.keys()].sort()).toEqual(["exec-1", "exec-2", "main"]);
  expect(logs.get("exec-1")).toMatch(/execve\("\S*\/id", [^]*geteuid/);
  expect(ends.get("--exec id -u")).toMatchObject({ kind: "exited", exitCode: 0 });
  expect(ends.get("--exec false")).toMatchObject({ kind: "exited", exitCode: 1 });
});

test("a trace whose tracer is killed is cut, and says why", async () => {
  const request = await inContainer(["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"], { stopAfter: 8 });
  await using trace = await openTrace(request);
  let isKilled = false;
  const end = await readTrace(trace, async ({ chunks }) => {
    for await (const chunk of chunks) {
      if (isKilled || !Buffer.from(chunk).includes("execve")) continue;
      isKilled = true;
      const filter = ["--filter", `label=seccomp-gen.session=${ownSession()}`, "--filter", "name=seccomp-gen-sidecar-"];
      const { stdout } = await execa("docker", ["ps", "-q", ...filter]);
      await execa("docker", ["kill", ...stdout.split("\n")]);
    }
  });
  expect(end).toMatchObject({ kind: "cut", reason: expect.stringContaining("strace ended before the workload did") });
});

test("a container that cannot be created ends with the engine's words, and nothing of it is left", async () => {
  const request = await inContainer(["true"]);
  const missing = { profile: "/no/such/profile.json", strace: [] };
  const { end } = await traced({ ...request, confinement: { sidecar: missing, inside: missing } } as TraceRequest);
  expect(end).toMatchObject({ kind: "exited", said: expect.stringContaining("/no/such/profile.json") });
  expect(await leftBehind()).toEqual([]);
});
