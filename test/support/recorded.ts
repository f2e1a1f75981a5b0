import { buildRecording, createAggregator, type Recording, type Run } from "../../src/core/recording/index.ts";
import type { ScmpArch } from "../../src/core/tables/index.ts";
import { parseStraceSync } from "../../src/strace-parser/index.ts";

/** The recording of a container that runs /bin/app, made from lines of strace. */
export function recorded(
  log: readonly string[],
  run: Partial<Run> = {},
  arch: ScmpArch = "SCMP_ARCH_X86_64",
): Recording {
  const aggregator = createAggregator({ arch });
  for (const event of parseStraceSync(['7 execve("/bin/app", ["app"], 0x1) = 0', ...log].join("\n")))
    aggregator.add(event);
  return buildRecording(
    "app",
    {
      source: "container",
      command: [],
      versions: { engine: "20.10.24" },
      noNewPrivileges: false,
      ended: "exited",
      ...run,
    },
    aggregator.finish(),
  );
}
