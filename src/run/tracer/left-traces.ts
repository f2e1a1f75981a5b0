import { execa } from "execa";
import { cliFailure, type ContainerCli } from "../container/index.ts";
import type { TracerBundle } from "./bundle.ts";
import type { TraceSink } from "./container-trace.ts";
import { helperOptions } from "./reader.ts";
import { traceFolder } from "./strace-command.ts";
import { withoutHolder } from "./without-holder.ts";

/** Reads the traces on a volume that nobody writes to any more. */
export async function readLeftTraces(
  cli: ContainerCli,
  bundle: TracerBundle,
  volume: string,
  sink: TraceSink,
): Promise<void> {
  const [file = "", ...words] = cli.words;
  const helper = (program: string, ...args: readonly string[]): readonly string[] => [
    ...[...words, "run", "--rm", ...helperOptions, "--log-driver", "none", "--security-opt", "no-new-privileges"],
    ...["--volume", `${volume}:${traceFolder}:ro`, "--entrypoint", program, bundle.image, ...args],
  ];
  const listed = await execa(
    file,
    helper("/bin/sh", "-c", `cd ${traceFolder} && for each in main exec-*; do [ ! -f "$each" ] || echo "$each"; done`),
    { stdin: "ignore", reject: false },
  );
  if (listed.exitCode !== 0) throw cliFailure(cli, "listing the traces of a killed recording", listed.stderr);
  for (const name of listed.stdout.split("\n").filter((line) => /^(?:main|exec-\d+)$/.test(line))) {
    const cat = execa(file, helper("/bin/cat", `${traceFolder}/${name}`), {
      stdin: "ignore",
      encoding: "buffer",
      buffer: { stdout: false, stderr: true },
      reject: false,
    });
    await sink(name, withoutHolder(cat.stdout as AsyncIterable<Uint8Array>));
    const { exitCode, stderr } = await cat;
    if (exitCode !== 0)
      throw cliFailure(cli, "reading the trace of a killed recording", Buffer.from(stderr).toString("utf8"));
  }
}
