import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { ownProcess, ownSession } from "../../src/project/index.ts";
import { openTrace, readTrace, traceAll, type TraceRequest } from "../../src/run/tracer/index.ts";

const wishes = {
  untraced: traceAll,
  stopAfter: undefined,
  interrupted: new AbortController().signal,
  notice: () => undefined,
} as const;

type More = Partial<Pick<TraceRequest, "stopAfter" | "interrupted">>;

async function onHost(words: readonly string[], more: More = {}): Promise<TraceRequest> {
  return { ...wishes, ...more, words };
}

/** The log as text, after the trace has ended. */
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

/** What this process has left behind: containers, volumes, folders. */
async function leftBehind(): Promise<readonly string[]> {
  const filter = ["--filter", `label=seccomp-gen.session=${ownSession()}`];
  const containers = await execa("docker", ["ps", "-aq", ...filter]);
  const volumes = await execa("docker", ["volume", "ls", "-q", ...filter]);
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(`seccomp-gen-${ownProcess()}-`));
  return [...containers.stdout.split("\n"), ...volumes.stdout.split("\n"), ...folders].filter((name) => name !== "");
}

describe("a trace on this host", () => {
  const request = onHost;

  test("ends with the program, and nothing of it is left", async () => {
    const { logs, end } = await traced(await request(["sh", "-c", "exit 3"]));
    expect(end).toMatchObject({ kind: "exited", exitCode: 3, killed: false });
    expect([...logs.keys()]).toEqual(["main"]);
    expect(logs.get("main")).toMatch(/execve\("\S*sh", [^]*exit_group\S*\(3\)/);
    expect(await leftBehind()).toEqual([]);
  });

  // The kernel protects a container's first process from its own SIGKILL. There, only the exit code shows it.
  test("says that SIGKILL ended the program", async () => {
    const { end } = await traced(await request(["sh", "-c", "sleep 1; kill -9 $$; exit 137"]));
    expect(end).toMatchObject({ kind: "exited", exitCode: 137, killed: true });
  });

  test("is stopped by who reads it", async () => {
    await using trace = await openTrace(await request(["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]));
    const end = await readTrace(trace, async ({ chunks }) => {
      let isStopped = false;
      for await (const chunk of chunks) {
        // When it sleeps, it has set its trap.
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
