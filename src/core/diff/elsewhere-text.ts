import { dockerArch } from "../tables/index.ts";
import type { Elsewhere } from "./types.ts";

/** Names a call and its host: `ptrace (arm64, kernel 4.0, with CAP_SYS_PTRACE; beyond Docker's default)`. */
export function elsewhereText(one: Elsewhere): string {
  return `${one.syscall} (${hostText(one)})`;
}

/** Gives one text for each host, with its calls: `arm64, kernel 4.0: ptrace, setns`. */
export function elsewhereByHost(list: readonly Elsewhere[]): readonly string[] {
  const calls = new Map<string, string[]>();
  for (const one of list) calls.set(hostText(one), [...(calls.get(hostText(one)) ?? []), one.syscall]);
  return [...calls].map(([host, names]) => `${host}: ${names.join(", ")}`);
}

function hostText({ arch, host, beyondCeiling }: Elsewhere): string {
  const where = [
    dockerArch(arch) === dockerArch(host.arch) ? dockerArch(arch) : `${dockerArch(arch)} on ${dockerArch(host.arch)}`,
    ...(host.skips === "conditions" ? ["under containerd, which skips includes and excludes"] : []),
    ...(host.skips === "kernels" ? ["under podman, which skips minKernel"] : []),
    ...(host.kernel === undefined || host.skips !== undefined
      ? []
      : [host.kernel === "0.0" ? "an older kernel" : `kernel ${host.kernel}`]),
    ...named("with", host.added),
    ...named("without", host.dropped),
  ];
  return `${where.join(", ")}${beyondCeiling ? "; beyond Docker's default" : ""}`;
}

function named(word: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  return [`${word} ${names.slice(0, 4).join(" and ")}${names.length > 4 ? ` and ${names.length - 4} more` : ""}`];
}
