import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { emitDocker } from "../../../src/core/emitter/index.ts";
import { buildPolicy, complain, type FloorChoice } from "../../../src/core/policy/index.ts";
import { readProfile, resolve, type HostContext } from "../../../src/core/profile/index.ts";
import { parseRecording, type Recording } from "../../../src/core/recording/index.ts";
import { callArgs, evaluate, isAllowing, sameAction, type Action } from "../../../src/core/seccomp/index.ts";
import { defaultCapabilities, dockerDefaultFor, syscallNames, syscallNumber } from "../../../src/core/tables/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { policyOptions } from "../../support/options.ts";

/**
 * runc before 1.0.2 (Debian 11, with Docker 20.10.5) refuses every rule that answers as the default action does. That
 * Docker answers EPERM by default, whatever `defaultErrnoRet` says. Measured: "error adding seccomp filter rule for
 * syscall _sysctl: permission denied".
 */
const arch = "SCMP_ARCH_X86_64";
const host: HostContext = { arch, capabilities: new Set(defaultCapabilities), kernel: "6.18", runtime: "runc" };
const oldHost: HostContext = { ...host, ignoresDefaultErrnoRet: true, refusesDefaultsAnswer: true };
const kept = (name: string): Recording =>
  parseRecording(
    readFileSync(new URL(`../../../traces/${name}/recording.json`, import.meta.url), "utf8"),
    "recording.json",
  );
const nginx = kept("nginx");
const recordedOn = (runtime: string): Recording => ({
  ...nginx,
  runs: nginx.runs.map((run) => ({ ...run, versions: { ...run.versions, runtime } })),
});

async function textFor(recording: Recording, floor: FloorChoice, docker: string, mode = "enforce"): Promise<string> {
  const ceiling = resolve(await loadDockerDefault(dockerDefaultFor(docker).file), host).filters;
  const options = policyOptions(ceiling, { floor, ceilingName: `Docker ${docker}'s default` });
  const policy = buildPolicy(recording, options);
  return emitDocker(mode === "complain" ? complain(policy, ceiling) : policy);
}

/** The answers to every call, to bits of its first three arguments, and to calls of newer kernels. */
function answers(text: string, on: HostContext): ReadonlyMap<string, Action> {
  const filter = resolve(readProfile(text, "profile.json"), on).filters.get(arch);
  if (filter === undefined) throw new Error("no filter");
  const newer = Array.from({ length: 40 }, (_, at) => ({ name: undefined, nr: 480 + at }));
  const calls = [...syscallNames(arch).map((name) => ({ name, nr: syscallNumber(arch, name) })), ...newer];
  const found = new Map<string, Action>();
  for (const { name, nr } of calls) {
    for (const index of [0, 1, 2] as const)
      for (const value of [0n, 16n, 0x5412n, ...Array.from({ length: 32 }, (_, bit) => 1n << BigInt(bit))])
        found.set(
          `${name ?? nr} arg${index}=${value}`,
          evaluate(filter, { arch, name: name ?? `newer_${nr}`, nr, args: callArgs({ [index]: value }) }),
        );
  }
  return found;
}

function differing(some: ReadonlyMap<string, Action>, others: ReadonlyMap<string, Action>): readonly string[] {
  return [...some].flatMap(([call, action]) => {
    const other = others.get(call);
    return other !== undefined && sameAction(action, other) ? [] : [call];
  });
}

const eperm: Action = { action: "SCMP_ACT_ERRNO", errnoRet: 1 };

describe("a profile for runc before 1.0.2", () => {
  test.each(["20.10.24", "28.5.2"])(
    "answers every call as the profile for other runtimes does, within Docker %s's default",
    async (docker) => {
      const [old, usual] = [await textFor(nginx, "old-runc", docker), await textFor(nginx, "any", docker)];
      const [onOld, there, here] = [
        answers(old, oldHost),
        answers(usual, { ...host, ignoresDefaultErrnoRet: true }),
        answers(usual, host),
      ];
      // The usual form could give the same answers there, if it started at all. In a few places it is better.
      const changed = differing(onOld, there);
      expect(changed.filter((call) => differing(new Map([[call, onOld.get(call) ?? eperm]]), here).length > 0)).toEqual(
        [],
      );
      // On newer engines, values outside a pin get EPERM instead of ENOSYS, as they do on the old one.
      const made = answers(old, host);
      const others = differing(made, here);
      expect([...new Set(others.map((call) => call.replace(/ .*/, "")))]).toEqual([
        "clock_nanosleep",
        "futex",
        "prctl",
        "setsockopt",
        "socket",
        "socketpair",
      ]);
      for (const call of others) expect([isAllowing(here.get(call) ?? eperm), made.get(call)]).toEqual([false, eperm]);
    },
  );

  test.each(["enforce", "complain"])("holds no rule that such a runc refuses (%s)", async (mode) => {
    const text = await textFor(nginx, "old-runc", "20.10.24", mode);
    expect(resolve(readProfile(text, "profile.json"), oldHost).problems).toEqual([]);
  });

  test("says so in its first comment", async () => {
    expect(await textFor(nginx, "old-runc", "20.10.24")).toContain("runtime runc, also before 1.0.2, or crun");
  });

  test("is made without an option where the recording comes from such a runc, and from no other", async () => {
    for (const runtime of ["runc 1.0.0", "runc 1.0.1"])
      expect(await textFor(recordedOn(runtime), "any", "20.10.24")).toBe(
        await textFor(recordedOn(runtime), "old-runc", "20.10.24"),
      );
    for (const runtime of ["runc 1.0.2", "runc 1.1.5", "runc 1.10.0", "crun 1.0.0"])
      expect(await textFor(recordedOn(runtime), "any", "20.10.24")).toContain('"defaultErrnoRet": 38');
  });
});

test("clone3 answers ENOSYS, although Docker 20.10.5 says EPERM: newer libcs start no thread then", async () => {
  for (const floor of ["any", "old-runc"] as const)
    expect(
      answers(await textFor(nginx, floor, "20.10.5"), floor === "any" ? host : oldHost).get("clone3 arg0=0"),
    ).toEqual({
      action: "SCMP_ACT_ERRNO",
      errnoRet: 38,
    });
});

test("the usual profile is refused by such a runc, and the refusal names each group", async () => {
  const { problems } = resolve(readProfile(await textFor(nginx, "any", "20.10.24"), "profile.json"), oldHost);
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems)
    expect(problem).toMatchObject({
      kind: "refused",
      reason: "runc before 1.0.2 takes no rule that answers as the default action does",
    });
});
