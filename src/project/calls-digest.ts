import { createHash } from "node:crypto";
import type { Recording, Run, SyscallRecord } from "../core/recording/index.ts";

/**
 * What a recording says about calls, as one text. It leaves out how often a call was made, and when it was first made.
 * These change from day to day, and no profile depends on them.
 */
export function callsText({ syscalls }: Pick<Recording, "syscalls">): string {
  const arches = Object.entries(syscalls).map(([arch, byName]) => [
    arch,
    Object.entries(byName)
      .map(([name, { results, processes, args }]) => [name, results, processes, argsText(args)])
      .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
  ]);
  return JSON.stringify(arches);
}

function argsText(args: SyscallRecord["args"]): string {
  if (args === undefined) return "";
  if (args.values === "many") return args.values;
  return `${args.indices.join()} ${args.values.map((tuple) => tuple.join()).join(" ")}`;
}

/** Twelve digits are enough to tell a project's files apart. Nothing trusts them. */
export function shortDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/**
 * Notes in each run of one session's recording what the session saw. So two runs of the same command can be told apart
 * if they saw different things.
 */
export function toldApart(recording: Recording): Recording {
  const saw = shortDigest(callsText(recording));
  return { ...recording, runs: recording.runs.map((run) => ({ ...run, saw })) };
}

/** The same recording, without the digests that tell its runs apart. */
export function withoutDigests(recording: Recording): Recording {
  const runs = recording.runs.map((run): Run => {
    const others: { saw?: string } & Run = { ...run };
    delete others.saw;
    return others;
  });
  return { ...recording, runs };
}
