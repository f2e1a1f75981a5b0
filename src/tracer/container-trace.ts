import { randomBytes } from "node:crypto";
import { execa } from "execa";
import type { ContainerCli } from "../container/cli.ts";
import { capture, cliFailure } from "../container/cli.ts";
import { removeVolume, sessionOptions, traceVolumePrefix } from "../container/leftovers.ts";
import type { Image } from "../container/image.ts";
import { startedProcess } from "../container/image.ts";
import type { RunCommand } from "../container/run-command.ts";
import { choosesSeccomp, runWords } from "../container/run-command.ts";
import type { Exercise, SessionEnd } from "../container/session.ts";
import { runSession } from "../container/session.ts";
import type { SideProcess } from "../container/side-processes.ts";
import { SeccompGenError } from "../errors.ts";
import type { TracerBundle } from "./bundle.ts";
import { containerStrace, straceWords, traceFolder, tracerFolder } from "./strace-command.ts";

/** Takes one trace as it grows: `name` is `main` for the workload, `exec-N` for the processes started beside it. */
export type TraceSink = (name: string, chunks: AsyncIterable<Uint8Array>) => Promise<void>;

/** What a traced session was. */
export interface TracedEnd extends SessionEnd {
  /** Version of the strace that wrote the traces. */
  readonly strace: string;
  /** Side processes that could not be traced or failed: label and reason. */
  readonly sideFailures: readonly { readonly label: string; readonly reason: string }[];
}

/**
 * Runs a workload's container under strace. The image stays untouched: strace comes from a read-only volume, the trace goes to
 * another volume and is read from there, while it is written, by a helper container without network. Nothing of it is stored on
 * this host; volume, helper and container are removed whatever happens.
 */
export async function traceContainer(
  run: RunCommand,
  image: Image,
  bundle: TracerBundle,
  exercise: Omit<Exercise, "beforeStop">,
  sides: readonly SideProcess[],
  sink: TraceSink,
): Promise<TracedEnd> {
  const id = randomBytes(6).toString("hex");
  const outVolume = `${traceVolumePrefix}${id}`;
  const reader = await startReader(run.cli, bundle, outVolume, `seccomp-gen-reader-${id}`);
  const sideFailures: { label: string; reason: string }[] = [];
  try {
    const reading = sink("main", reader.chunks);
    // The sink fails only when its own work fails; the session must still be ended in order.
    reading.catch(() => undefined);
    const words = tracedWords(run, image, bundle, outVolume);
    const beforeStop = async (container: string): Promise<void> => {
      for (const [index, side] of sides.entries()) {
        const failure = await traceSide(run.cli, container, reader.name, side, `exec-${index + 1}`, sink);
        if (failure !== undefined) sideFailures.push({ label: side.label, reason: failure });
      }
    };
    const end = await runSession(run, words, { ...exercise, beforeStop });
    reader.finish();
    await reading;
    return { ...end, strace: reader.straceVersion, sideFailures };
  } finally {
    reader.finish();
    await capture(run.cli, ["rm", "-f", reader.name]);
    const kept = await removeVolume(run.cli, outVolume);
    if (kept !== undefined) exercise.notice(`the trace's volume could not be removed (${kept}); seccomp-gen clean removes it`);
  }
}

function tracedWords(run: RunCommand, image: Image, bundle: TracerBundle, outVolume: string): readonly string[] {
  const [entrypoint = "", ...words] = straceWords(containerStrace, `${traceFolder}/trace`, startedProcess(run, image), { detached: true });
  return runWords(run, {
    without: (name, value) => name === "entrypoint" || choosesSeccomp(name, value),
    options: [
      ...["--volume", `${bundle.volume}:${tracerFolder}:ro`],
      ...["--volume", `${outVolume}:${traceFolder}`],
      ...["--entrypoint", entrypoint],
    ],
    command: words,
  });
}

interface Reader {
  readonly name: string;
  readonly straceVersion: string;
  /** The trace, as it grows; ends after `finish`. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Tells the reader that nothing more will be written. */
  readonly finish: () => void;
}

/**
 * The reader's script: prints strace's version (which also proves that the volume is complete), then follows the trace until
 * its stdin is closed, reads the rest, and ends.
 */
const readerScript = `exec 3<&0
${containerStrace.join(" ")} -V | { read -r line; echo "$line"; }
cat <&3 >/dev/null & until_closed=$!
tail -c +1 -F --pid=$until_closed -s 0.05 ${traceFolder}/trace 2>/dev/null & reading=$!
wait $until_closed
wait $reading`;

async function startReader(cli: ContainerCli, bundle: TracerBundle, outVolume: string, name: string): Promise<Reader> {
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
    const head = await firstLine(chunks);
    const version = /version (\S+)/.exec(head.line)?.[1];
    if (version !== undefined) {
      return { name, straceVersion: version, chunks: prepend(head.rest, chunks), finish: () => child.stdin.end() };
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

function readerWords(bundle: TracerBundle, outVolume: string, name: string): readonly string[] {
  return [
    ...["run", "--rm", "--interactive", "--name", name, ...sessionOptions()],
    // The least it can do with: no network, no writes but the volumes, and files of any owner readable.
    ...["--network", "none", "--read-only", "--security-opt", "no-new-privileges", "--cap-drop", "ALL", "--cap-add", "DAC_OVERRIDE"],
    ...["--volume", `${bundle.volume}:${tracerFolder}`, "--volume", `${outVolume}:${traceFolder}`],
    ...["--entrypoint", "/bin/sh", bundle.image, "-c", readerScript],
  ];
}

async function firstLine(chunks: AsyncIterator<Uint8Array>): Promise<{ line: string; rest: Uint8Array }> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const end = bytes.indexOf(0x0a);
    if (end >= 0) return { line: bytes.subarray(0, end).toString("utf8"), rest: bytes.subarray(end + 1) };
    const next = await chunks.next();
    if (next.done === true) return { line: "", rest: bytes };
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

const sideTimeoutMs = 60_000;

/** Runs one side process under strace in the running container and reads its trace; returns why it failed, if it did. */
async function traceSide(cli: ContainerCli, container: string, reader: string, side: SideProcess, name: string, sink: TraceSink): Promise<string | undefined> {
  const log = `${traceFolder}/${name}`;
  const ran = await capture(cli, ["exec", container, ...straceWords(containerStrace, log, side.words, { detached: false })], { timeout: sideTimeoutMs });
  const [file = "", ...words] = cli.words;
  const cat = execa(file, [...words, "exec", reader, "cat", log], { stdin: "ignore", encoding: "buffer", buffer: { stdout: false, stderr: true }, reject: false });
  await sink(name, cat.stdout as AsyncIterable<Uint8Array>);
  const read = await cat;
  if (read.exitCode !== 0) return `it could not be traced: ${ran.stderr.trim().split("\n").at(-1) ?? ""}`;
  return ran.exitCode === 0 ? undefined : `it ended with exit code ${ran.exitCode}`;
}
