import { existsSync } from "node:fs";
import { release, arch as machine } from "node:os";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeLine } from "../../core/text/index.ts";
import { nativeArch, type ScmpArch } from "../../core/tables/index.ts";
import { codeOf, filesBelow } from "../../logs/index.ts";
import type { Terminal } from "../../project/index.ts";
import { leavesOutConnections, type Untraced } from "../tracer/index.ts";
import { missedPaths } from "./missed-paths.ts";
import type { RecordOptions, Recorded } from "./recorded.ts";
import { stated } from "../session/index.ts";
import { untracedIn } from "./untraced-process.ts";
import { traceWorkload } from "./traced-workload.ts";
import { mentionUnfinishedHere } from "./unfinished.ts";

/** Records a program on this host. The recording keeps only the base name of its command. */
export async function recordHost(
  name: string,
  words: readonly string[],
  options: RecordOptions,
  untraced: Untraced,
  terminal: Terminal,
  environment?: NodeJS.ProcessEnv,
): Promise<Recorded> {
  checkOptions(options);
  const arch = ownArchitecture();
  terminal.note(
    `recording ${escapeLine(words[0] ?? "")}, a program of this host` +
      (environment === undefined ? "" : ", or the containers that it starts") +
      "; the recording ends " +
      (options.stopAfter === undefined ? "" : `after ${options.stopAfter} s, `) +
      (options.untilStable === undefined ? "" : `after ${options.untilStable} s without a new call, `) +
      "with the program or with Ctrl-C",
  );
  await mentionUnfinishedHere(name, process.cwd(), terminal);
  const kernel = /^\d+\.\d+/.exec(release())?.[0];
  const {
    run,
    aggregators,
    files,
    end,
    release: removeLog,
  } = await traceWorkload(
    {
      name,
      arch,
      life: { stopSignal: "SIGTERM", withoutConnections: leavesOutConnections(untraced) },
      request: {
        words,
        environment,
        untraced,
        stopAfter: options.stopAfter,
        interrupted: terminal.interrupted,
        notice: terminal.note,
      },
      facts: ({ strace, ended }) => ({
        source: "host",
        command: [],
        versions: { ...stated("strace", strace), ...stated("kernel", kernel) },
        ended,
      }),
      notStarted: () => notStarted(words[0] ?? ""),
    },
    options,
    terminal,
  );
  const broken = untracedIn(aggregators);
  return {
    run,
    aggregators,
    code: options.reach ? await codeOf(files, filesBelow("/")) : undefined,
    exitCode: end.exitCode,
    stoppedByUs: end.kind === "stopped",
    missed: missedPaths(aggregators[0]?.exercised(), undefined),
    trouble: broken === undefined ? undefined : new SeccompGenError({ code: "trace-broken", detail: broken }),
    release: removeLog,
  };
}

function checkOptions(options: RecordOptions): void {
  if (options.while === undefined && options.exec.length === 0) return;
  throw new SeccompGenError({
    code: "usage",
    what: "--while and --exec need a container",
    todo: "Record docker run …, or start and stop the program yourself (--stop-after, Ctrl-C).",
  });
}

function ownArchitecture(): ScmpArch {
  const arch = nativeArch(machine());
  if (arch === undefined) throw new SeccompGenError({ code: "architecture", detail: `this host is ${machine()}` });
  return arch;
}

/**
 * The error for a program that did not start. Its exit code is a shell's (POSIX, "Exit Status for Commands"). A file
 * that exists but cannot be executed gives 126, and anything else gives 127.
 */
function notStarted(program: string): SeccompGenError {
  const isPresent = program.includes("/") && existsSync(program);
  return new SeccompGenError({ code: "workload-not-started", detail: "" }, { exitCode: isPresent ? 126 : 127 });
}
