import type { Writable } from "node:stream";
import { execa } from "execa";
import { capture, cliFailure, sessionOptions, type ContainerCli } from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import type { TracerBundle } from "./bundle.ts";
import { containerStrace, filteringStrace, holder, traceFolder, tracerFolder } from "./strace-command.ts";
import { withoutHolder } from "./without-holder.ts";

/** The helper container that reads the trace while it is written. */
export interface Reader {
  readonly name: string;
  readonly straceVersion: string;
  /** The bundle has the holder: programs can be traced from beside. */
  readonly canHold: boolean;
  /** The bundle's strace can be told which arguments are known (known-arguments.c). */
  readonly canLetThrough: boolean;
  /** The trace, as it grows; ends after `finish`. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Tells the reader that nothing more will be written. True if it had ended already. */
  readonly finish: () => boolean;
}

/**
 * The reader's script: prints strace's version (which also proves that the volume is complete) and
 * what else of the bundle is there, then follows the trace until its stdin is closed, reads the
 * rest, and ends.
 */
const readerScript = `exec 3<&0
${containerStrace.join(" ")} -V | { read -r line; echo "$line"; }
able=
if [ -x ${holder} ]; then able='holds '; fi
${filteringStrace.join(" ")} -V 2>&1 | {
  read -r line
  case $line in strace*) able="$able"lets-through ;; esac
  echo "$able"
}
cat <&3 >/dev/null & until_closed=$!
tail -c +1 -F --pid=$until_closed -s 0.05 ${traceFolder}/main 2>/dev/null & reading=$!
wait $until_closed
wait $reading`;

/** Starts a reader. The engine fills the session's volume with what the bundle's image has there. */
export async function startReader(
  cli: ContainerCli,
  bundle: TracerBundle,
  outVolume: string,
  name: string,
): Promise<Reader> {
  for (const attempt of ["first", "second"] as const) {
    const [file = "", ...words] = cli.words;
    const child = execa(file, [...words, ...readerWords(bundle, outVolume, name)], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      encoding: "buffer",
      buffer: { stdout: false, stderr: true },
      reject: false,
      detached: true, // Ctrl-C is for the workload; the reader ends when the trace does
    });
    child.stdin.on("error", () => undefined); // the reader may be gone before we close its stdin
    const chunks = (child.stdout as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    const head = await firstLines(chunks);
    const version = /version (\S+)/.exec(head.lines)?.[1];
    if (version !== undefined) {
      return {
        name,
        straceVersion: version,
        canHold: /^holds /m.test(head.lines),
        canLetThrough: head.lines.endsWith("lets-through"),
        chunks: withoutHolder(prepend(head.rest, chunks)),
        finish: () => endReader(child),
      };
    }
    child.stdin.end();
    const { stderr } = await child;
    // A volume that a killed run left half filled is made anew, once.
    await capture(cli, ["rm", "-f", name]);
    if (attempt === "second") {
      await capture(cli, ["volume", "rm", "-f", outVolume]);
      throw cliFailure(cli, "starting the trace reader", Buffer.from(stderr).toString("utf8"));
    }
    await capture(cli, ["volume", "rm", "-f", bundle.volume]);
  }
  throw new SeccompGenError({ code: "no-tracer", detail: "the trace reader did not start" });
}

function endReader(child: { readonly exitCode: number | null; readonly stdin: Writable }): boolean {
  child.stdin.end();
  return child.exitCode !== null;
}

/**
 * The least that a helper needs: no network, no writes but to the volumes, and files of any owner
 * readable. The engine keeps nothing of what passes through it.
 */
export const helperOptions: readonly string[] = [
  "--log-driver",
  "none",
  "--network",
  "none",
  "--read-only",
  "--cap-drop",
  "ALL",
  "--cap-add",
  "DAC_OVERRIDE",
  ...sessionOptions(),
];

function readerWords(bundle: TracerBundle, outVolume: string, name: string): readonly string[] {
  return [
    ["run", "--rm", "--interactive", "--name", name, ...helperOptions],
    ["--security-opt", "no-new-privileges"],
    ["--volume", `${bundle.volume}:${tracerFolder}`, "--volume", `${outVolume}:${traceFolder}`],
    ["--entrypoint", "/bin/sh", bundle.image, "-c", readerScript],
  ].flat();
}

/** The first two lines. */
async function firstLines(chunks: AsyncIterator<Uint8Array>): Promise<{ lines: string; rest: Uint8Array }> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const end = bytes.indexOf(0x0a, bytes.indexOf(0x0a) + 1);
    if (end > 0) return { lines: bytes.subarray(0, end).toString("utf8"), rest: bytes.subarray(end + 1) };
    const next = await chunks.next();
    if (next.done === true) return { lines: "", rest: bytes };
    bytes = Buffer.concat([bytes, next.value]);
  }
}

async function* prepend(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}
