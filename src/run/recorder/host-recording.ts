import { existsSync } from "node:fs";
import { release, arch as machine } from "node:os";
import { createAggregator, type Aggregator, type Run } from "../../core/recording/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { readInto } from "../../logs/index.ts";
import { nativeArch } from "../../core/tables/index.ts";
import { showProgress, type Terminal } from "../../project/index.ts";
import { leavesOutConnections, traceOnHost, type Untraced } from "../tracer/index.ts";
import { missedPaths } from "./missed-paths.ts";
import type { RecordOptions, Recorded } from "./recorded.ts";
import { untilStable } from "./stability.ts";
import { mentionUnfinishedHere, unfinishedText } from "./unfinished.ts";

/** Records a program on this host. Only its base name is kept of its command. */
export async function recordHost(
  name: string,
  words: readonly string[],
  options: RecordOptions,
  untraced: Untraced,
  terminal: Terminal,
): Promise<Recorded> {
  if (options.while !== undefined || options.exec.length > 0) {
    throw new SeccompGenError({
      code: "usage",
      what: "--while and --exec need a container",
      todo: "Record docker run …, or start and stop the program yourself (--stop-after, Ctrl-C).",
    });
  }
  const arch = nativeArch(machine());
  if (arch === undefined) throw new SeccompGenError({ code: "architecture", detail: `this host is ${machine()}` });
  terminal.note(
    "host mode: tracing a program on this host, outside any container; the profile fits a container " +
      "that runs the same program",
  );
  await mentionUnfinishedHere(name, process.cwd(), terminal);
  const life = { stopSignal: "SIGTERM", withoutConnections: leavesOutConnections(untraced) } as const;
  const run = (strace: string, ended: Run["ended"]): Run => ({
    source: "host",
    command: [],
    versions: { strace, kernel: /^\d+\.\d+/.exec(release())?.[0] ?? release() },
    ended,
  });
  const aggregators: Aggregator[] = [];
  const endProgress = showProgress(aggregators, terminal);
  const end = await traceOnHost(
    words,
    {
      stopAfter: options.stopAfter,
      stable: options.untilStable === undefined ? undefined : untilStable(aggregators, options.untilStable),
      interrupted: terminal.interrupted,
      notice: terminal.note,
    },
    async (file, chunks) => {
      const aggregator = createAggregator({ arch, life });
      aggregators.push(aggregator);
      await readInto(aggregator, chunks, file);
    },
    untraced,
    (strace) =>
      unfinishedText({
        name,
        folder: process.cwd(),
        arch,
        life,
        run: { ...run(strace, "stopped"), ...(options.lean ? { lean: true as const } : {}) },
      }),
  ).finally(endProgress);
  if (!aggregators.some((aggregator) => aggregator.counts().started)) {
    await end.release();
    // As a shell would end (POSIX "Exit Status for Commands"): 126 for what is there and cannot be
    // executed, else 127.
    const present = (words[0] ?? "").includes("/") && existsSync(words[0] ?? "");
    throw new SeccompGenError({ code: "workload-not-started", detail: "" }, { exitCode: present ? 126 : 127 });
  }
  return {
    run: run(end.strace, end.by === "itself" ? "exited" : "stopped"),
    aggregators,
    exitCode: end.exitCode,
    stoppedByUs: end.by !== "itself",
    missed: missedPaths(aggregators[0]?.exercised(), undefined),
    trouble: undefined,
    release: end.release,
  };
}
