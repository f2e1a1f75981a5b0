import { hostOf, loadProfile, writeAtomically, type HostOptions, type Terminal } from "../project/index.ts";
import {
  emitBpf,
  emitBpfText,
  emitCompose,
  emitFirejail,
  emitOci,
  emitPod,
  emitSecurityProfile,
  emitSystemd,
  type AppliedProfile,
} from "../core/emitter/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { groupApplies, noFilterText, resolve } from "../core/profile/index.ts";
import type { Filter } from "../core/seccomp/index.ts";
import type { exportFormats } from "./export-formats.ts";

export interface ExportOptions extends HostOptions {
  readonly format: (typeof exportFormats)[number];
  readonly output: string | undefined;
  /** Allows a call with any arguments if the format cannot allow it with some. */
  readonly widen: boolean;
}

/**
 * `seccomp-gen export PROFILE --format F`: writes the same filter for another consumer. The exit code is 0, or 2 if
 * the format cannot express the filter.
 */
export async function exportProfile(file: string, options: ExportOptions, terminal: Terminal): Promise<number> {
  const host = hostOf(options);
  const loaded = await loadProfile(file);
  const profile = loaded.read();
  if (profile.noFilter !== undefined)
    throw new SeccompGenError({
      code: "usage",
      what: `${file} cannot be exported: ${noFilterText(profile.noFilter)}`,
      todo: "Put the profile itself into the file, with its defaultAction and syscalls at the top.",
    });
  const { filters, problems } = resolve(profile, host);
  const refused = problems.find(({ kind }) => kind !== "unknown-syscall");
  if (refused !== undefined)
    throw new SeccompGenError({
      code: "usage",
      what: `${file} starts no container (${refused.kind}), so there is nothing to export`,
      todo: "seccomp-gen lint says what is wrong.",
    });
  const applied: AppliedProfile = {
    profile: { ...profile, syscalls: profile.syscalls.filter((group) => groupApplies(group, host)) },
    arches: [...filters.keys()],
    name: loaded.name.replace(/\.(?:jsonc?|ya?ml)$/i, "").replace(/[^A-Za-z0-9._-]/g, "-"),
    file,
  };
  try {
    await write(body(applied, filters.get(host.arch), [...filters.values()], options, terminal), options, terminal);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SeccompGenError(
      {
        code: "usage",
        what: `${file} cannot be written as ${options.format}: ${error.message}`,
        todo: "Use the format oci, which can express every profile.",
      },
      { cause: error },
    );
  }
  return 0;
}

function body(
  applied: AppliedProfile,
  own: Filter | undefined,
  filters: readonly Filter[],
  { format, widen }: ExportOptions,
  terminal: Terminal,
): string | Uint8Array {
  if (own === undefined) throw new RangeError("the profile has no filter for this architecture");
  const narrowed = ({ text, widened }: { readonly text: string; readonly widened: readonly string[] }): string => {
    if (widened.length === 0) return text;
    if (!widen)
      throw new SeccompGenError({
        code: "usage",
        what:
          `${format} cannot express arguments, and the profile allows these calls only with some: ` +
          `${widened.join(", ")}`,
        todo: "--widen allows them with any arguments; leaving them out would stop the program.",
      });
    terminal.note(`${format} allows with any arguments: ${widened.join(", ")}`);
    return text;
  };
  switch (format) {
    case "oci":
      return emitOci(applied);
    case "security-profile":
      if (applied.profile.defaultErrnoRet !== undefined)
        terminal.note(
          "a SeccompProfile has no defaultErrnoRet: calls that the profile does not name answer EPERM " +
            `instead of errno ${applied.profile.defaultErrnoRet}`,
        );
      return emitSecurityProfile(applied);
    case "kubernetes":
      return emitPod(applied);
    case "compose":
      return emitCompose(applied);
    case "systemd":
      terminal.note(
        "systemd answers ENOSYS to whatever is not in the list, also where the profile answers another errno",
      );
      return narrowed(emitSystemd(own));
    case "firejail":
      terminal.note(
        "firejail answers ENOSYS to whatever is not in the list, also where the profile answers another errno",
      );
      return narrowed(emitFirejail(own));
    case "bpf":
      return emitBpf(filters);
    case "bpf-text":
      return emitBpfText(filters);
    default:
      return format satisfies never;
  }
}

async function write(result: string | Uint8Array, { output }: ExportOptions, terminal: Terminal): Promise<void> {
  if (output !== undefined) return writeAtomically(output, result);
  if (typeof result === "string") terminal.out(result);
  else
    throw new SeccompGenError({
      code: "usage",
      what: "a BPF program is not text",
      todo: "Name a file: -o FILE. --format bpf-text shows the program as text.",
    });
}
