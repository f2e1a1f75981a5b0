import { dirname, posix } from "node:path";
import { argNumber, type Arg, type StraceEvent, type SyscallEvent } from "../../strace-parser/index.ts";
import { symbolValue } from "../../core/tables/index.ts";

/**
 * Calls that write to their paths (path_resolution(7)). In the `*at` calls, a path begins at the descriptor before it.
 * `symlink`'s first path is only text.
 */
const writing: ReadonlySet<string> = new Set(
  [
    "creat mkdir mkdirat mknod mknodat truncate",
    "rename renameat renameat2 link linkat symlink symlinkat",
    "unlink unlinkat rmdir",
    "chmod fchmodat fchmodat2 chown lchown fchownat",
    "utime utimes futimesat utimensat",
    "setxattr lsetxattr removexattr",
  ].flatMap((names) => names.split(" ")),
);

/** Access modes that write, and O_CREAT (open(2)). */
const openToWrite = 0o3n | 0o100n;

/**
 * Paths to which a container can write although its root is read-only: the kernel makes them, or the engine mounts
 * them.
 */
const alwaysWritable = /^\/(?:proc|sys|dev)(?:\/|$)|^\/etc\/(?:hosts|hostname|resolv\.conf)$|^\/\.seccomp-gen\//;

/**
 * Collects the folders to which a workload writes. It needs traces that show the path of each descriptor (`strace -y`).
 */
export class WrittenFolders {
  readonly #folders = new Set<string>();

  add(event: StraceEvent): void {
    if (event.kind !== "syscall" || event.result.type !== "value") return;
    if (event.name === "open" || event.name === "openat") {
      const flags = event.arg(event.name === "open" ? 1 : 2);
      const value =
        flags === undefined
          ? undefined
          : argNumber(flags, (symbol) => symbolValue(event.name, event.name === "open" ? 1 : 2, symbol));
      if (value !== undefined && (value & openToWrite) !== 0n) this.#addPaths(event, 0);
    } else if (event.name === "bind") {
      const address = event.arg(1);
      const socket =
        address?.type === "struct" ? address.fields.find(({ name }) => name === "sun_path")?.value : undefined;
      if (socket !== undefined && event.args.length > 0) this.#addPath(textOf(socket), undefined);
    } else if (writing.has(event.name)) {
      this.#addPaths(event, event.name.startsWith("symlink") ? 1 : 0);
    }
  }

  /** The folders, except those within another one and those in `writable`. */
  folders(writable: readonly string[]): readonly string[] {
    const needed = [...this.#folders].filter(
      (folder) => !alwaysWritable.test(folder) && !writable.some((mount) => within(folder, mount)),
    );
    return needed.filter((folder) => !needed.some((other) => other !== folder && within(folder, other))).sort();
  }

  #addPaths(event: SyscallEvent, from: number): void {
    for (const [index, arg] of event.args.entries())
      if (index >= from) this.#addPath(textOf(arg), event.args[index - 1]);
  }

  #addPath(path: string | undefined, start: Arg | undefined): void {
    if (path === undefined || path === "") return;
    const base = start !== undefined && "annotation" in start ? start.annotation : undefined;
    const absolute = path.startsWith("/") ? path : base === undefined ? undefined : posix.join(base, path);
    if (absolute !== undefined && !alwaysWritable.test(absolute)) this.#folders.add(dirname(posix.normalize(absolute)));
  }
}

function textOf(arg: Arg): string | undefined {
  return arg.type === "string" ? Buffer.from(arg.bytes).toString("utf8") : undefined;
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
