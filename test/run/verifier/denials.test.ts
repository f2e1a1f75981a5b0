import { expect, test } from "vitest";
import { readProfile, resolveFor } from "../../../src/core/profile/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { parseStraceSync } from "../../../src/strace-parser/index.ts";
import { newestDockerDefault } from "../../../src/core/tables/index.ts";
import { DenialObserver } from "../../../src/run/verifier/denials.ts";

const host = { arch: "SCMP_ARCH_X86_64", capabilities: new Set<string>(), kernel: undefined, runtime: "runc" } as const;
const profile = JSON.stringify({
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: 38,
  architectures: ["SCMP_ARCH_X86_64"],
  syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW" }],
});

test("a denied call is recorded with an unknown result, so that the profile made from it allows the call", async () => {
  const observer = new DenialObserver(
    "SCMP_ARCH_X86_64",
    resolveFor(readProfile(profile, "profile"), [host]),
    resolveFor(await loadDockerDefault(newestDockerDefault), [host]),
  );
  for (const event of parseStraceSync([
    Buffer.from('7 read(3, "", 1) = 0\n7 flock(3, LOCK_EX) = -1 ENOSYS (Function not implemented)\n'),
  ]))
    observer.add(event);
  expect(observer.denials()).toMatchObject([{ syscall: "flock", deniedByDefault: false }]);
  expect(observer.recorded()).toMatchObject({ SCMP_ARCH_X86_64: { flock: { results: ["?"] } } });
  expect(Object.keys(observer.recorded().SCMP_ARCH_X86_64 ?? {})).toEqual(["flock"]);
});
