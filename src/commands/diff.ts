import { listedHosts, resolveFor } from "../core/profile/index.ts";
import {
  hostOf,
  isDockerVersion,
  layoutOf,
  loadReference,
  noteOtherMachine,
  type HostOptions,
  type Terminal,
} from "../project/index.ts";
import { compareProfiles, isSame } from "../core/diff/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { renderDiff } from "../words/index.ts";

export interface DiffOptions extends HostOptions {
  readonly format: "text" | "markdown" | "json" | "html";
  readonly against: string | undefined;
  readonly all?: boolean | undefined;
}

/**
 * `seccomp-gen diff [BEFORE] AFTER`: 0 if they are the same, 1 if they differ, 2 for trouble. BEFORE is Docker's
 * default if it is not given.
 */
export async function diff(files: readonly string[], options: DiffOptions, terminal: Terminal): Promise<number> {
  if (files.length > 2)
    throw new SeccompGenError({
      code: "usage",
      what: `${files.length} profiles given, but diff compares two`,
      todo: "seccomp-gen diff [BEFORE] AFTER, once for each pair",
    });
  if (files.length === 2 && options.against !== undefined)
    throw new SeccompGenError({
      code: "usage",
      what: `--against ${options.against} and ${files[0]} cannot be given together`,
      todo: "Give one of them: seccomp-gen diff BEFORE AFTER, or seccomp-gen diff --against BEFORE AFTER",
    });
  const [before, after] = files.length === 1 ? [options.against, files[0]] : files;
  if (after === undefined)
    throw new SeccompGenError({
      code: "usage",
      what: "no profile to compare",
      todo: "seccomp-gen diff [BEFORE] AFTER",
    });
  const [old, next] = [await loadReference(before), await loadReference(after)];
  // Docker's default is for every machine. The profile beside it decides for which.
  const isDefault = before === undefined || isDockerVersion(before);
  const host = hostOf(options, isDefault ? [next.profile] : [next.profile, old.profile]);
  noteOtherMachine(after, options, host, terminal);
  for (const { name, standsIn } of [old, next])
    if (standsIn !== undefined)
      terminal.note(
        `${name} is not known to this seccomp-gen; compared with that of ${standsIn}, the nearest known ` + "release",
      );
  const hosts = listedHosts(host, [old.profile, next.profile]);
  const [earlier, later] = [resolveFor(old.profile, hosts), resolveFor(next.profile, hosts)];
  const change = compareProfiles(old.profile, next.profile, hosts, { sameProfile: !isDefault });
  if (options.format === "html") {
    const { comparedPage } = await import("./compared-page.ts");
    terminal.out(
      await comparedPage({
        diff: change,
        hosts,
        after,
        sides: [
          { name: old.name, profile: old.profile, filters: earlier },
          { name: next.name, profile: next.profile, filters: later },
        ],
      }),
    );
  } else
    terminal.out(
      renderDiff(change, {
        format: options.format,
        before: old.name,
        after: next.name,
        ...layoutOf(terminal, options.all),
      }),
    );
  return isSame(change) && next.profile.noFilter === undefined ? 0 : 1;
}
