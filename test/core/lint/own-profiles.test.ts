import { expect, test } from "vitest";
import { emitDocker } from "../../../src/core/emitter/index.ts";
import { lintProfile } from "../../../src/core/lint/index.ts";
import { argumentRows, buildPolicy, type ArgTier } from "../../../src/core/policy/index.ts";
import { ceilingFor, readProfile, resolve, type HostContext } from "../../../src/core/profile/index.ts";
import { defaultCapabilities, dockerDefaultFor, syscallNumber, type ScmpArch } from "../../../src/core/tables/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { policyOptions } from "../../support/options.ts";
import { recorded } from "../../support/recorded.ts";

const docker = await loadDockerDefault(dockerDefaultFor("20.10.24").file);

test.each<[ScmpArch, ArgTier]>([
  ["SCMP_ARCH_X86_64", "standard"],
  ["SCMP_ARCH_X86_64", "strict"],
  ["SCMP_ARCH_AARCH64", "standard"],
  ["SCMP_ARCH_S390X", "standard"],
])("a profile of ours that pins every call has no error on %s with arguments %s", (arch, args) => {
  const host: HostContext = { arch, capabilities: new Set(defaultCapabilities), kernel: "6.18", runtime: "runc" };
  const names = [...new Set(argumentRows.flatMap(({ syscalls }) => syscalls))].filter(
    (name) => syscallNumber(arch, name) !== undefined,
  );
  const recording = recorded(
    names.map((name) => `7 ${name}(1, 1, 1, 1, 1, 1) = 0`),
    {},
    arch,
  );
  const ceiling = resolve(docker, host).filters;
  const profile = readProfile(emitDocker(buildPolicy(recording, policyOptions(ceiling, { args }))), "p.json");

  const findings = lintProfile(profile, {
    host,
    ceiling: ceilingFor(docker, [host], resolve(profile, host).filters.keys()),
    ceilingName: "Docker's default",
  });

  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
});
