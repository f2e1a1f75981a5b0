import { expect, test } from "vitest";
import { placeOf } from "../../src/commands/verify.ts";
import { readProfile, resolve } from "../../src/core/profile/index.ts";
import type { Ran } from "../../src/run/verifier/index.ts";

/** A run on an engine whose runc has this version. */
function ranUnder(runc: string): Ran {
  return {
    verdict: { kind: "not-started", exitCode: 125, said: "" },
    container: {
      token: "0",
      held: false,
      id: "0",
      spec: { Image: "app" },
      image: { reference: "app", document: { Id: "sha256:0" } },
      name: undefined,
    },
    engine: {
      tool: "docker",
      version: "20.10.5",
      kernel: "5.10.0",
      architecture: "x86_64",
      defaultRuntime: "runc",
      runtimeVersions: new Map([["runc", runc]]),
      noNewPrivileges: false,
      seccompProfile: undefined,
    },
    sawFilter: false,
  };
}

const answersLikeTheDefault = JSON.stringify({
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: ["SCMP_ARCH_X86_64"],
  syscalls: [
    { names: ["read"], action: "SCMP_ACT_ALLOW" },
    { names: ["mount"], action: "SCMP_ACT_ERRNO" },
  ],
});

test.each([
  ["1.0.0~rc93", 1],
  ["1.0.1", 1],
  ["1.0.2", 0],
  ["1.1.5", 0],
])("verify knows whether runc %s refuses a rule that answers as the default does", (runc, refused) => {
  const host = placeOf(ranUnder(runc))?.host;
  const { problems } = resolve(readProfile(answersLikeTheDefault, "app.json"), host ?? expect.fail());
  expect(problems.filter(({ kind }) => kind === "refused")).toHaveLength(refused);
});
