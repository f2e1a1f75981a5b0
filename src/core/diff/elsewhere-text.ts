import { dockerArch } from "../tables/index.ts";
import type { Elsewhere } from "./types.ts";

/** `ptrace (arm64, kernel 4.0, with CAP_SYS_PTRACE; beyond Docker's default)` */
export function elsewhereText({ syscall, arch, host, beyondCeiling }: Elsewhere): string {
  const where = [
    dockerArch(arch) === dockerArch(host.arch) ? dockerArch(arch) : `${dockerArch(arch)} on ${dockerArch(host.arch)}`,
    ...(host.skips === "conditions" ? ["under containerd, which skips includes and excludes"] : []),
    ...(host.skips === "kernels" ? ["under podman, which skips minKernel"] : []),
    ...(host.kernel === undefined || host.skips !== undefined ? [] : [`kernel ${host.kernel}`]),
    ...named("with", host.added),
    ...named("without", host.dropped),
  ];
  return `${syscall} (${where.join(", ")}${beyondCeiling ? "; beyond Docker's default" : ""})`;
}

function named(word: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  return [`${word} ${names.slice(0, 4).join(" and ")}${names.length > 4 ? ` and ${names.length - 4} more` : ""}`];
}
