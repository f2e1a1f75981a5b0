import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientCommand } from "../../src/run/gateway/index.ts";
import { Session, type TracedPart } from "../../src/run/session/index.ts";
import { situations, type Situation } from "./situations.ts";

const image = "seccomp-gen-base:bookworm";
const traced: (TracedPart & { bytes: number })[] = [];
const missed: string[] = [];
let session: Session;

beforeAll(async () => {
  session = await Session.open({
    command: clientCommand(["sh"]),
    environment: process.env,
    notice: () => undefined,
    traces: "always",
    folder: "/",
    about: () => ({}),
    treat: () => ({ kind: "trace", change: (held) => held, strace: [] }),
    onTrace: (part) => {
      const entry = { ...part, bytes: 0 };
      traced.push(entry);
      void (async () => {
        for await (const chunk of part.trace.chunks) entry.bytes += chunk.length;
      })();
    },
    onMissed: (why) => missed.push(why),
  });
});

afterAll(async () => {
  await session.removeAll();
  await session[Symbol.asyncDispose]();
  await session.release();
});

let count = 0;

async function run({ script, unordered }: Situation, env: NodeJS.ProcessEnv, name: string): Promise<string> {
  const { exitCode, stdout, stderr } = await execa("sh", ["-c", script], {
    env: { ...env, IMAGE: image, N: name },
    extendEnv: false,
    reject: false,
    timeout: 120_000,
    stdin: "ignore",
  });
  const plain = `${stdout}\n${stderr}`.replaceAll(name, "NAME").replaceAll(/\b[0-9a-f]{12,64}\b/g, "ID");
  return `${unordered === undefined ? plain : plain.split("\n").sort().join("\n")}\nexit ${exitCode}`;
}

/** The same bytes as without the gateway. */
test.each(situations)("$name", async (situation) => {
  count += 1;
  const direct = await run(situation, process.env, `sg-direct-${count}`);
  const before = traced.length;
  const through = await run(situation, session.environment(), `sg-through-${count}`);
  expect(through).toBe(direct);
  if (/docker run/.test(situation.script) && !/no-such-image|--memory 1/.test(situation.script)) {
    expect(traced.length, "something was traced").toBeGreaterThan(before);
  }
});

test("what is ours is not shown", async () => {
  const listed = async (env: NodeJS.ProcessEnv): Promise<string> =>
    (await execa("sh", ["-c", "docker ps -a --format '{{.Names}}'; docker volume ls -q"], { env, extendEnv: false }))
      .stdout;
  expect(await listed(process.env)).toMatch(/seccomp-gen-keeper-[\s\S]*seccomp-gen-gate-[\s\S]*seccomp-gen-out-/);
  expect(await listed(session.environment())).not.toMatch(/seccomp-gen-(?:keeper|gate|out)-/);
});

test("nothing was missed, and every trace is whole", async () => {
  expect(missed).toEqual([]);
  const ends = await Promise.all(traced.map(({ trace }) => trace.end));
  expect(ends.filter(({ kind }) => kind !== "complete")).toEqual([]);
});
