import { existsSync } from "node:fs";
import { release, arch as machine } from "node:os";
import { createAggregator } from "../aggregator/index.ts";
import type { Aggregator } from "../aggregator/index.ts";
import { SeccompGenError } from "../errors.ts";
import { readInto } from "../project/reading.ts";
import { nativeArch } from "../tables/index.ts";
import { showProgress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { traceOnHost } from "../tracer/host-trace.ts";
import { leavesOutConnections } from "../tracer/strace-command.ts";
import type { Untraced } from "../tracer/strace-command.ts";
import { missedPaths } from "./missed-paths.ts";
import type { Recorded, RecordOptions } from "./recorded.ts";
import { untilStable } from "./stability.ts";

/** Records a program on this host. Only its base name is kept of its command. */
export async function recordHost(words: readonly string[], options: RecordOptions, untraced: Untraced, terminal: Terminal): Promise<Recorded> {
  if (options.while !== undefined || options.exec.length > 0) {
    throw new SeccompGenError({ code: "usage", what: "--while and --exec need a container", todo: "Record docker run …, or start and stop the program yourself (--stop-after, Ctrl-C)." });
  }
  const arch = nativeArch(machine());
  if (arch === undefined) throw new SeccompGenError({ code: "architecture", detail: `this host is ${machine()}` });
  terminal.note("host mode: tracing a program on this host, outside any container; the profile fits a container that runs the same program");
  const aggregators: Aggregator[] = [];
  const endProgress = showProgress(aggregators, terminal);
  const end = await traceOnHost(words, { stopAfter: options.stopAfter, stable: options.untilStable === undefined ? undefined : untilStable(aggregators, options.untilStable), interrupted: terminal.interrupted }, async (name, chunks) => {
    const aggregator = createAggregator({ arch, life: { stopSignal: "SIGTERM", withoutConnections: leavesOutConnections(untraced) } });
    aggregators.push(aggregator);
    await readInto(aggregator, chunks, name);
  }, untraced).finally(endProgress);
  if (!aggregators.some((aggregator) => aggregator.counts().started)) {
    // As a shell would end (POSIX "Exit Status for Commands"): 126 for what is there and cannot be executed, else 127.
    const present = (words[0] ?? "").includes("/") && existsSync(words[0] ?? "");
    throw new SeccompGenError({ code: "workload-not-started", detail: "" }, { exitCode: present ? 126 : 127 });
  }
  return {
    run: {
      source: "host",
      command: [],
      versions: { strace: end.strace, kernel: /^\d+\.\d+/.exec(release())?.[0] ?? release() },
      ended: end.by === "itself" ? "exited" : "stopped",
    },
    aggregators,
    exitCode: end.exitCode,
    stoppedByUs: end.by !== "itself",
    missed: missedPaths(aggregators[0]?.exercised(), undefined),
    trouble: undefined,
    release: async () => undefined,
  };
}
