import { arch as machine } from "node:os";
import { diffFilters } from "../diff/index.ts";
import { SeccompGenError } from "../errors.ts";
import type { HostContext } from "../profile/types.ts";
import { renderDiff } from "../review/index.ts";
import { defaultCapabilities, nativeArch } from "../tables/index.ts";
import { loadReference, resolveFor } from "./derivation.ts";
import type { Terminal } from "./terminal.ts";

export interface DiffOptions extends HostOptions {
  readonly format: "text" | "markdown" | "json";
  readonly against: string | undefined;
}

/** The host that profiles are resolved for. */
export interface HostOptions {
  /** Capabilities the container has, beside Docker's default ones. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly arch: string | undefined;
  readonly kernel: string | undefined;
  readonly runtime: "runc" | "crun";
}

/** `seccomp-gen diff [BEFORE] AFTER`: 0 the same, 1 different, 2 trouble. BEFORE defaults to Docker's default. */
export async function diff(files: readonly string[], options: DiffOptions, terminal: Terminal): Promise<number> {
  const [before, after] = files.length === 1 ? [options.against, files[0]] : files;
  if (after === undefined) throw new SeccompGenError({ code: "usage", what: "no profile to compare", todo: "seccomp-gen diff [BEFORE] AFTER" });
  const host = hostOf(options);
  const [old, next] = [await loadReference(before), await loadReference(after)];
  const change = diffFilters(resolveFor(old.profile, [host]), resolveFor(next.profile, [host]));
  terminal.out(renderDiff(change, { format: options.format, before: old.name, after: next.name, color: terminal.color, width: terminal.width }));
  return change.profile.length + change.syscalls.length === 0 ? 0 : 1;
}

/** Reads the host off the options. */
export function hostOf(options: HostOptions): HostContext {
  const arch = nativeArch(options.arch ?? machine());
  if (arch === undefined) throw new SeccompGenError({ code: "usage", what: `unknown architecture ${options.arch ?? machine()}`, todo: "Say which one with --arch amd64 or --arch arm64." });
  const capability = (name: string): string => (/^CAP_/i.test(name) ? name : `CAP_${name}`).toUpperCase();
  const dropped = new Set(options.capDrop.map(capability));
  const base = dropped.has("CAP_ALL") ? [] : defaultCapabilities.filter((name: string) => !dropped.has(name));
  return { arch, capabilities: new Set([...base, ...options.capAdd.map(capability)]), kernel: options.kernel, runtime: options.runtime };
}
