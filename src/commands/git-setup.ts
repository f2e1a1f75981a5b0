import { chmod, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine, escapeShell } from "../core/text/index.ts";
import { git, readIfPresent, runGit, writeAtomically, writeKept, type Terminal } from "../project/index.ts";

export interface GitSetupOptions {
  readonly undo: boolean;
  /** Also sets up hooks before commits and merges. */
  readonly hook: boolean;
  /** The words with which git calls this program through a shell. */
  readonly program: readonly string[];
}

const begin = "# >>> seccomp-gen (seccomp-gen git-setup --undo takes this out)";
const end = "# <<< seccomp-gen";

const attributes = [
  begin,
  "**/profiles/*.json text eol=lf diff=seccomp-gen merge=seccomp-gen-profile",
  "**/traces/*/recording.json text eol=lf merge=seccomp-gen-recording",
  "**/traces/*/policy.json text eol=lf merge=seccomp-gen-policy",
  end,
];

const sections = [
  "diff.seccomp-gen",
  "merge.seccomp-gen-profile",
  "merge.seccomp-gen-recording",
  "merge.seccomp-gen-policy",
];

/**
 * `seccomp-gen git-setup [--undo]`: makes git show what profiles mean, and merge recordings. The command changes
 * .gitattributes between its own marks, and this clone's configuration. With `hook`, it also writes the hooks.
 */
export async function gitSetup(options: GitSetupOptions, terminal: Terminal): Promise<number> {
  const root = (await git(".", ["rev-parse", "--show-toplevel"])).replace(/\n$/, "");
  await writeAttributes(root, options.undo, terminal);
  for (const section of sections) {
    const { exitCode } = await runGit(root, ["config", "--local", "--remove-section", section]);
    if (options.undo && exitCode === 0) terminal.note(`git config: ${section} removed`);
  }
  if (!options.undo) {
    for (const [name, value] of settings(options.program)) {
      await git(root, ["config", "--local", name, value]);
      terminal.note(escapeLine(`git config ${name} = ${value}`));
    }
  }
  // The path that git prints is absolute in a linked worktree, and if core.hooksPath is absolute. Otherwise it is
  // relative to the folder in which git ran.
  await writeHooks(
    resolve(root, (await git(root, ["rev-parse", "--git-path", "hooks"])).replace(/\n$/, "")),
    options,
    terminal,
  );
  terminal.note(
    options.undo
      ? "undone"
      : "done; everybody who clones this repository must run seccomp-gen git-setup too (without it, git treats " +
          "these files as text)",
  );
  return 0;
}

/**
 * A shell function that calls this program. It first tries the program at its present place. Then it tries the Node in
 * PATH, because another version of Node may be installed. Last, it looks for the program in PATH. It never looks in the
 * repository, because anybody may have written its branches. If it finds no program, it returns 127.
 */
function finder(program: readonly string[]): string {
  const [node = "", file] = program.map(escapeShell);
  const ways = [
    ...(file === undefined
      ? [[`command -v ${node} >/dev/null 2>&1`, node]]
      : [
          [`[ -x ${node} ] && [ -e ${file} ]`, `${node} ${file}`],
          [`command -v node >/dev/null 2>&1 && [ -e ${file} ]`, `node ${file}`],
        ]),
    ...(file === undefined ? [] : [["command -v seccomp-gen >/dev/null 2>&1", "seccomp-gen"]]),
  ];
  const branches = ways.map(([test, call]) => `if ${test}; then ${call} "$@"; `).join("el");
  return `seccomp_gen() { ${branches}else return 127; fi; }`;
}

const missing = "seccomp-gen is not installed here; install it and run seccomp-gen git-setup again";

/** git's settings for this program. If the program is gone, git shows and merges the files as plain text. */
function settings(program: readonly string[]): readonly (readonly [string, string])[] {
  const find = finder(program);
  const merge = (kind: string): string =>
    `f() { ${find}; seccomp_gen git-merge ${kind} "$@"; s=$?; if [ $s = 127 ]; then ` +
    `echo "$5: merged as text: ${missing}" >&2; git merge-file "$2" "$1" "$3"; else return $s; fi; }; ` +
    "f %O %A %B %P";
  return [
    [
      "diff.seccomp-gen.textconv",
      `f() { ${find}; seccomp_gen git-textconv "$1"; s=$?; if [ $s = 127 ]; then cat "$1"; else return $s; fi; }; f`,
    ],
    ["merge.seccomp-gen-profile.name", "seccomp profile, regenerated from the merged recording and options"],
    ["merge.seccomp-gen-profile.driver", merge("profile")],
    ["merge.seccomp-gen-recording.name", "seccomp recording"],
    ["merge.seccomp-gen-recording.driver", merge("recording")],
    ["merge.seccomp-gen-policy.name", "options of a seccomp profile"],
    ["merge.seccomp-gen-policy.driver", merge("policy")],
  ];
}

async function writeAttributes(root: string, undo: boolean, terminal: Terminal): Promise<void> {
  const path = join(root, ".gitattributes");
  const text = (await readIfPresent(path)) ?? "";
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split(/\r?\n/);
  const others = withoutOurs(lines);
  const kept = others.slice(0, others.findLastIndex((line) => line !== "") + 1).join(newline);
  const next = `${[...(kept === "" ? [] : [kept]), ...(undo ? [] : attributes)].join(newline)}${newline}`;
  if (undo && kept === "") {
    if (text !== "") await rm(path, { force: true });
  } else if (next !== text) await writeKept(path, next, root);
  if (undo) {
    const left = others.findIndex((line) => line.includes("seccomp-gen"));
    if (others.length < lines.length) terminal.note(".gitattributes: removed the lines of seccomp-gen");
    else if (left < 0) terminal.note(".gitattributes: has no lines of seccomp-gen");
    if (left >= 0)
      terminal.note(
        `.gitattributes:${left + 1}: names seccomp-gen outside of its marks; remove the line by hand if you ` +
          `do not need ` +
          "it",
      );
  } else for (const line of attributes.slice(1, -1)) terminal.note(`.gitattributes: ${line}`);
}

/** The lines outside our marks, even if the marks occur more than once. */
function withoutOurs(lines: readonly string[]): readonly string[] {
  const from = lines.indexOf(begin);
  const to = lines.indexOf(end, from);
  return from < 0 || to < 0 ? lines : [...lines.slice(0, from), ...withoutOurs(lines.slice(to + 1))];
}

const hookMark = "# made by seccomp-gen git-setup --hook";

/** git runs the first hook before a commit. It runs the second before it commits a merge without conflicts. */
const hooks = ["pre-commit", "pre-merge-commit"] as const;

async function writeHooks(folder: string, options: GitSetupOptions, terminal: Terminal): Promise<void> {
  const there = await Promise.all(hooks.map((name) => readIfPresent(join(folder, name))));
  const isForeign = (at: number): boolean => there[at] !== undefined && !there[at].includes(hookMark);
  const text = hookText(options.program);
  if (options.hook && !options.undo && isForeign(0))
    throw new SeccompGenError({
      code: "usage",
      what: `${join(folder, hooks[0])} is there already`,
      todo: `Add this line to it: ${options.program.map(escapeShell).join(" ")} generate --all --check --staged`,
    });
  for (const [at, name] of hooks.entries()) {
    const path = join(folder, name);
    if (isForeign(at)) continue;
    if (options.undo) await rm(path, { force: true });
    else if (options.hook) {
      await writeAtomically(path, text);
      await chmod(path, 0o755);
      terminal.note(escapeLine(`hook: ${path}`));
    }
  }
}

function hookText(program: readonly string[]): string {
  return [
    "#!/bin/sh",
    hookMark,
    "# Refuses commits whose profiles do not match their recordings (git commit --no-verify skips this).",
    "# A merge may take one side's files and lose what the other side recorded.",
    '[ -e "$(git rev-parse --git-path MERGE_HEAD)" ] ||',
    "  ! git diff --cached --quiet HEAD -- ':(top,glob)**/profiles/*.json' ':(top,glob)**/traces/**' 2>/dev/null ||",
    "  exit 0",
    'cd "$(git rev-parse --show-toplevel)" || exit 2',
    finder(program),
    "seccomp_gen generate --all --check --staged",
    "status=$?",
    "if [ $status = 127 ]; then",
    `  echo "profiles are not checked: ${missing}" >&2`,
    "  exit 0",
    "fi",
    "exit $status",
    "",
  ].join("\n");
}
