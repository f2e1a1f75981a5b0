/**
 * Programs that compile machine code while they run, some of it only under load, long after a recording has ended. The
 * name under which they are executed identifies them.
 */
export interface CompilerRow {
  /** Base names without a trailing version (`php8.2` is `php`). */
  readonly programs: readonly string[];
  /** The state of their code memory: writable and executable at the same time, or one after the other. */
  readonly memory: "writable-and-executable" | "made-executable";
  readonly reason: string;
  readonly source: string;
}

/** Programs that compile while they run. */
export const compilerRows: readonly CompilerRow[] = [
  {
    programs: ["node", "nodejs", "deno", "electron"],
    memory: "writable-and-executable",
    reason: "V8's code space is writable and executable",
    source: "V8 src/heap/memory-allocator.cc",
  },
  {
    programs: ["java"],
    memory: "writable-and-executable",
    reason: "the code cache is writable and executable",
    source: "OpenJDK src/hotspot/os/linux/os_linux.cpp, os::pd_commit_memory",
  },
  {
    programs: ["bun", "luajit", "pypy", "dotnet", "mono", "julia", "beam.smp"],
    memory: "writable-and-executable",
    reason: "its compiler writes into executable memory",
    source:
      "JavaScriptCore ExecutableAllocator; LuaJIT src/lj_mcode.c; PyPy rpython/jit; .NET W^X is an " +
      "option; Erlang JITs",
  },
  {
    programs: ["php", "php-fpm", "ruby"],
    memory: "writable-and-executable",
    reason: "opcache.jit and YJIT compile what is called often",
    source: "php-src ext/opcache/jit; ruby yjit",
  },
  {
    programs: ["git"],
    memory: "writable-and-executable",
    reason: "git grep compiles its pattern",
    source: "PCRE2 src/sljit; git grep.c, compile_pcre2_pattern dies where that fails",
  },
  {
    programs: ["postgres"],
    memory: "made-executable",
    reason: "LLVM compiles expensive queries (jit_above_cost)",
    source: "PostgreSQL src/backend/jit; llvm SectionMemoryManager",
  },
];

const version = /^(?:-?\d+(?:\.\d+)*)?$/;

/** Is the program of this name known, in any version (`python3.11` is `python`)? */
export function isProgram(name: string, known: readonly string[]): boolean {
  return known.some((base) => name.startsWith(base) && version.test(name.slice(base.length)));
}

/** The first row that has one of the programs, and that program. Writable and executable memory comes first. */
export function compilerAmong(programs: ReadonlySet<string>): (CompilerRow & { readonly program: string }) | undefined {
  for (const row of compilerRows) {
    const program = [...programs].sort().find((name) => isProgram(name, row.programs));
    if (program !== undefined) return { ...row, program };
  }
  return undefined;
}
