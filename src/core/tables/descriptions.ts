import { syscallTexts } from "./syscall-texts.ts";
import type { Subsystem } from "./subsystems.ts";

/** What a syscall is. */
export interface SyscallText {
  readonly name: string;
  readonly subsystem: Subsystem;
  /** One line: what the call does. */
  readonly does: string;
  /** A manual page, or the kernel's source file. */
  readonly source: string;
  /** The call that does the same on another machine, or for another width of numbers. */
  readonly same: string | undefined;
}

let read:
  | { readonly byName: ReadonlyMap<string, SyscallText>; readonly spellings: ReadonlyMap<string, readonly string[]> }
  | undefined;

/** What a syscall does and where it belongs. `undefined` for an unknown name. */
export function describeSyscall(name: string): SyscallText | undefined {
  read ??= readTexts();
  return read.byName.get(name);
}

/** The name itself, and the other calls that reach the same code: mmap → mmap, mmap2. */
export function spellingsOf(name: string): readonly string[] {
  read ??= readTexts();
  return read.spellings.get(name) ?? [name];
}

function readTexts(): NonNullable<typeof read> {
  const byName = new Map<string, SyscallText>();
  const alike: [string, string, Subsystem][] = [];
  for (const [subsystem, lines] of Object.entries(syscallTexts) as [Subsystem, string][]) {
    for (const line of lines.trim().split("\n")) {
      const [, name = "", same, does = "", source] = /^(\w+)(?: = (\w+)| {2}(.*?)(?: {2}\[(.*)\])?)$/.exec(line) ?? [];
      if (same !== undefined) alike.push([name, same, subsystem]);
      else byName.set(name, { name, subsystem, does, source: source ?? `${name}(2)`, same: undefined });
    }
  }
  const spellings = new Map<string, string[]>();
  for (const [name, same, subsystem] of alike) {
    const original = byName.get(same);
    byName.set(name, { name, subsystem, does: original?.does ?? "", source: original?.source ?? "", same });
    spellings.set(same, [...(spellings.get(same) ?? [same]), name]);
  }
  return { byName, spellings };
}
