import { execa } from "execa";
import { cliFailure, type ContainerCli } from "../container/index.ts";
import type { TracerBundle } from "./bundle.ts";
import { helperOptions } from "./reader.ts";
import { traceFolder } from "./strace-command.ts";
import type { TraceLog } from "./trace.ts";
import { withoutHolder } from "./without-holder.ts";

/** Lists the logs in the trace's folder. */
const listScript = `cd ${traceFolder} && for each in main exec-*; do [ ! -f "$each" ] || echo "$each"; done`;

/** The logs on a volume that nobody writes to any more. */
export async function* leftTraces(cli: ContainerCli, bundle: TracerBundle, volume: string): AsyncGenerator<TraceLog> {
  const [file = "", ...words] = cli.words;
  const helper = (program: string, ...args: readonly string[]): readonly string[] =>
    [
      [...words, "run", "--rm", ...helperOptions, "--security-opt", "no-new-privileges"],
      ["--volume", `${volume}:${traceFolder}:ro`, "--entrypoint", program, bundle.image, ...args],
    ].flat();
  const listed = await execa(file, helper("/bin/sh", "-c", listScript), { stdin: "ignore", reject: false });
  if (listed.exitCode !== 0) throw cliFailure(cli, "listing the traces of a killed recording", listed.stderr);
  for (const name of listed.stdout.split("\n").filter((line) => /^(?:main|exec-\d+)$/.test(line)))
    yield { name, chunks: readLog(cli, [file, ...helper("/bin/cat", `${traceFolder}/${name}`)]) };
}

async function* readLog(cli: ContainerCli, [file = "", ...words]: readonly string[]): AsyncGenerator<Uint8Array> {
  const cat = execa(file, words, {
    stdin: "ignore",
    encoding: "buffer",
    buffer: { stdout: false, stderr: true },
    reject: false,
  });
  yield* withoutHolder(cat.stdout as AsyncIterable<Uint8Array>);
  const { exitCode, stderr } = await cat;
  if (exitCode !== 0)
    throw cliFailure(cli, "reading the trace of a killed recording", Buffer.from(stderr).toString("utf8"));
}
