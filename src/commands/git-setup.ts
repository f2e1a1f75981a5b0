import { chmod, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine, escapeShell } from "../core/text/index.ts";
import { git, readIfPresent, runGit, writeAtomically, writeKept, type Terminal } from "../project/index.ts";

export interface GitSetupOptions {
  readonly undo: boolean;
  /** Also a pre-commit hook. */
  readonly hook: boolean;
  /** How git calls this program: words for a shell. */
  readonly program: readonly string[];
}

const begin = "# >>> seccomp-gen (seccomp-gen git-setup --undo takes this out)";
const end = "# <<< seccomp-gen";

const attributes = [
  begin,
  "**/profiles/*.json diff=seccomp-gen merge=seccomp-gen-profile",
  "**/traces/*/recording.json merge=seccomp-gen-recording",
  end,
];

const sections = ["diff.seccomp-gen", "merge.seccomp-gen-profile", "merge.seccomp-gen-recording"];

/**
 * `seccomp-gen git-setup [--undo]`: git shows what profiles mean and merges recordings. Touches
 * .gitattributes between its marks, this clone's own configuration and, on request, its pre-commit
 * hook.
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
  // Absolute in a linked worktree and where core.hooksPath says so, else relative to the folder
  // that was asked.
  await writeHook(
    resolve(root, (await git(root, ["rev-parse", "--git-path", "hooks/pre-commit"])).replace(/\n$/, "")),
    options,
    terminal,
  );
  terminal.note(
    options.undo
      ? "undone"
      : "done; others who clone this repository run seccomp-gen git-setup too (without it, git treats " +
          "these files as text)",
  );
  return 0;
}

/** Where the program is gone, git shows and merges these files as the text they are. */
function settings(program: readonly string[]): readonly (readonly [string, string])[] {
  const call = program.map(escapeShell).join(" ");
  const there = program
    .map((word) => `command -v ${escapeShell(word)} >/dev/null 2>&1`)
    .slice(0, 1)
    .concat(program.slice(1).map((word) => `test -e ${escapeShell(word)}`))
    .join(" && ");
  const merge = (kind: string): string =>
    `f() { if ${there}; then ${call} git-merge ${kind} "$@"; else git merge-file "$2" "$1" "$3"; fi; ` +
    "}; f %O %A %B %P";
  return [
    ["diff.seccomp-gen.textconv", `f() { if ${there}; then ${call} git-textconv "$1"; else cat "$1"; fi; }; f`],
    ["merge.seccomp-gen-profile.name", "seccomp profile, made again from the merged recording"],
    ["merge.seccomp-gen-profile.driver", merge("profile")],
    ["merge.seccomp-gen-recording.name", "seccomp recording"],
    ["merge.seccomp-gen-recording.driver", merge("recording")],
  ];
}

async function writeAttributes(root: string, undo: boolean, terminal: Terminal): Promise<void> {
  const path = join(root, ".gitattributes");
  const text = (await readIfPresent(path)) ?? "";
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split(/\r?\n/);
  const others = withoutOurs(lines);
  const kept = others.join(newline).replace(/[\r\n]*$/, "");
  const next = `${[...(kept === "" ? [] : [kept]), ...(undo ? [] : attributes)].join(newline)}${newline}`;
  if (undo && kept === "") {
    if (text !== "") await rm(path, { force: true });
  } else if (next !== text) await writeKept(path, next, root);
  if (undo) {
    const left = others.findIndex((line) => line.includes("seccomp-gen"));
    if (others.length < lines.length) terminal.note(".gitattributes: our lines are out");
    else if (left < 0) terminal.note(".gitattributes: none of our lines is in it");
    if (left >= 0)
      terminal.note(
        `.gitattributes:${left + 1}: names seccomp-gen outside of our marks; take it out by hand if ` +
          "nobody wants it",
      );
  } else for (const line of attributes.slice(1, -1)) terminal.note(`.gitattributes: ${line}`);
}

/** All but what stands between our marks, however often it does. */
function withoutOurs(lines: readonly string[]): readonly string[] {
  const from = lines.indexOf(begin);
  const to = lines.indexOf(end, from);
  return from < 0 || to < 0 ? lines : [...lines.slice(0, from), ...withoutOurs(lines.slice(to + 1))];
}

const hookMark = "# made by seccomp-gen git-setup --hook";

async function writeHook(path: string, { undo, hook, program }: GitSetupOptions, terminal: Terminal): Promise<void> {
  const there = await readIfPresent(path);
  const ours = there?.includes(hookMark) === true;
  if (undo) {
    if (ours) await rm(path, { force: true });
    return;
  }
  if (!hook) return;
  if (there !== undefined && !ours) {
    throw new SeccompGenError({
      code: "usage",
      what: `${path} is there already`,
      todo: `Add this line to it: ${program.map(escapeShell).join(" ")} generate --all --check`,
    });
  }
  await writeAtomically(
    path,
    [
      "#!/bin/sh",
      hookMark,
      "# Profiles that are not what their recordings give do not get in (git commit --no-verify passes " + "by).",
      "git diff --cached --quiet -- '*profiles/*.json' '*traces/*' && exit 0",
      'cd "$(git rev-parse --show-toplevel)" || exit 2',
      "[ -d traces ] || exit 0",
      `exec ${program.map(escapeShell).join(" ")} generate --all --check`,
      "",
    ].join("\n"),
  );
  await chmod(path, 0o755);
  terminal.note(escapeLine(`hook: ${path}`));
}
