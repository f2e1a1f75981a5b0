import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { SeccompGenError } from "../core/errors/index.ts";
import { noFilterText, readProfile } from "../core/profile/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { profilePath, readText, type Terminal } from "../project/index.ts";
import { clientCommand, withSeccomp, type HeldContainer } from "../run/gateway/index.ts";
import {
  heardBy,
  isHelper,
  recordingName,
  runCommand,
  Session,
  type Berth,
  type CommandEnd,
} from "../run/session/index.ts";
import { watchFilters } from "../run/verifier/index.ts";
import { renderVerdict, unseenFilterText } from "../words/index.ts";
import { verifyWorkload, type VerifyOptions } from "./verify.ts";

/**
 * `seccomp-gen verify --containers -- npm test`: runs every container under profiles/NAME.json, all at once. The exit
 * code is 0 if the command succeeds. It is 1 if the command fails under the profiles, or if a container ran without a
 * filter. It is 2 for trouble. Containers without a profile run under the engine's default, and are listed.
 */
export async function verifyContainers(
  words: readonly string[],
  options: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  const command = clientCommand(words);
  const profiles = await readProfiles();
  const seen = new Set<string>();
  const session = await Session.open({
    command,
    environment: process.env,
    notice: (line) => terminal.note(escapeLine(line)),
    traces: "never",
    folder: undefined,
    about: () => undefined,
    treat: (spec, image, name) => {
      const own = recordingName(spec, image, name);
      if (isHelper(image.reference)) return { kind: "leave", ours: false };
      seen.add(own);
      const text = profiles.get(own);
      return { kind: "confine", change: (each) => (text === undefined ? each : withSeccomp(each, text)) };
    },
    onTrace: () => undefined,
    onMissed: (why) => terminal.note(escapeLine(why)),
  });
  const over = new AbortController();
  const watching = watchFilters(session, over.signal, ({ container }) => profiles.has(nameOf(container)));
  try {
    const end = await runCommand(session, {
      while: options.while,
      stopAfter: options.stopAfter,
      beforeStop: async () => undefined,
      keep: false,
      ...heardBy(terminal),
      streams: "shown",
    });
    over.abort();
    const filters = [...(await watching)].map(([{ container }, filter]) => ({ name: nameOf(container), filter }));
    await session.removeAll();
    const confined = [...seen].filter((name) => profiles.has(name));
    for (const name of seen) {
      if (!profiles.has(name))
        terminal.note(`${escapeLine(name)}: no ${profilePath(name)}; it ran under the engine's default`);
    }
    if (end.by === "interrupt") return 2;
    if (confined.length === 0) throw nothingConfined(seen.size);
    const failed = failure(end, options);
    const bare = filters.flatMap(({ name, filter }) => (filter.kind === "none" ? [{ name, mode: filter.mode }] : []));
    for (const { name, mode } of bare)
      terminal.note(`verify ${escapeLine(name)}: ${renderVerdict({ kind: "no-filter", mode })}`);
    if (bare.length > 0) return 1;
    if (failed === undefined) {
      const sure = new Set(filters.flatMap(({ name, filter }) => (filter.kind === "filtered" ? [name] : [])));
      const unseen = confined.filter((name) => !sure.has(name));
      if (unseen.length > 0) terminal.note(unseenFilterText(unseen));
      terminal.note(
        `verify: passed: the command succeeds with ${confined.map(escapeLine).join(", ")} ` +
          "under their own profiles",
      );
      return 0;
    }
    terminal.note([`verify: FAILED: ${failed}`, ...ended(session.fleet.berths)].join("\n  "));
    for (const name of options.maxRuns === 0 ? [] : confined) {
      if (terminal.interrupted.aborted) return 2;
      const workload = { command, isMeant: (each: string) => each === name, byCommand: true } as const;
      await verifyWorkload(
        workload,
        profilePath(name),
        { ...options, times: 1, compareOutput: false, suggestHardening: false },
        terminal,
      );
    }
    return 1;
  } finally {
    over.abort();
    await session[Symbol.asyncDispose]();
    await session.release();
  }
}

/**
 * The profiles of this folder, by the names of their recordings. A broken one is reported before the engine sees it.
 */
async function readProfiles(): Promise<ReadonlyMap<string, string>> {
  const files = (await readdir("profiles").catch(() => [])).filter((file) => file.endsWith(".json"));
  const read = files.map(async (file) => {
    const path = join("profiles", file);
    const text = await readText(path);
    const { noFilter } = readProfile(text, path);
    if (noFilter !== undefined) {
      throw new SeccompGenError({
        code: "usage",
        what: `${path}: ${noFilterText(noFilter)}`,
        todo: "Correct it, then verify.",
      });
    }
    return [basename(file, ".json"), text] as const;
  });
  return new Map(await Promise.all(read));
}

/** Why the command failed. `undefined` if it did not. */
function failure(end: CommandEnd, { while: exercise, expectExit }: VerifyOptions): string | undefined {
  if (exercise !== undefined && end.by !== "stop-after" && end.whileExitCode !== 0) {
    return end.whileExitCode === undefined
      ? "the containers ended before the --while command did"
      : `the --while command ended with exit code ${end.whileExitCode}`;
  }
  const expected = expectExit ?? 0;
  return end.by === "itself" && end.exitCode !== expected
    ? `the command ended with exit code ${end.exitCode ?? "unknown"}, expected ${expected}`
    : undefined;
}

/** How each container ended, except those that ended well. */
function ended(berths: readonly Berth[]): readonly string[] {
  return berths.flatMap(({ container, starts, exitCode, toldToStop }) => {
    const name = escapeLine(recordingName(container.spec, container.image, container.name));
    if (starts === 0) return [`${name}: it did not start`];
    return exitCode === undefined || exitCode === 0 || toldToStop
      ? []
      : [`${name}: it ended with exit code ${exitCode}`];
  });
}

function nothingConfined(seen: number): SeccompGenError {
  return new SeccompGenError({
    code: "usage",
    what:
      seen === 0 ? "the command started no container through DOCKER_HOST" : "no container of the command has a profile",
    todo: "Record it first, in this folder: seccomp-gen record --containers -- the same command.",
  });
}

function nameOf({ spec, image, name }: HeldContainer): string {
  return recordingName(spec, image, name);
}
