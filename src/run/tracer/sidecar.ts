import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { capture, type ContainerCli } from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeShell } from "../../core/text/index.ts";
import type { TracerBundle } from "./bundle.ts";
import { helperOptions } from "./reader.ts";
import { attachedStraceWords, containerStrace, gateOf, holder, traceFolder, tracerFolder } from "./strace-command.ts";
import { hearTrouble } from "./strace-trouble.ts";
import { heldMark } from "./without-holder.ts";

/** A tracer in a container of its own, in the process namespace of the workload's. */
export interface Sidecar {
  /** strace is attached and the held program goes on. Rejects with `tracer-not-attached`. */
  readonly attached: Promise<void>;
  /** Everything that was traced has ended. */
  readonly ended: Promise<void>;
  readonly remove: () => Promise<void>;
}

/**
 * The sidecar's script: finds the process that is held at the gate, attaches strace to it, waits
 * until the kernel says that it is traced, opens the gate, and stays until strace ends. The gate is
 * a fifo that is there only while it is opened: a workload that reads every file finds nothing to
 * wait at. It is everybody's from its first moment: with a umask in force, `mkfifo -m` makes it and
 * then opens it to others (coreutils mkfifo.c), and a program held as another user could come
 * between. Only words that every sh has built in, and mkfifo, rm, sleep.
 */
function sidecarScript(session: string, name: string, looks: number, more: readonly string[]): string {
  const gate = gateOf(session, name);
  const log = `${traceFolder}/${name}`;
  return `trap '' HUP INT QUIT TERM
umask 077
held= looks=0
until [ -n "$held" ]; do
  [ $looks -lt ${looks} ] || { echo 'no process that waits for it can be seen' >&2; exit 4; }
  looks=$((looks + 1))
  for each in /proc/[0-9]*; do
    line=
    read -r line 2>/dev/null < $each/cmdline
    case $line in ${holder}${gate}*) held=\${each#/proc/} ;; esac
  done
  [ -n "$held" ] || sleep 0.02
done
rm -f ${gate} ${gate}.over
printf '\\n${heldMark}\\n' >> ${log}
{ ${attachedStraceWords(containerStrace, log, more).map(escapeShell).join(" ")} $held; : > ${gate}.over; } &
traced=
until [ -n "$traced" ]; do
  [ ! -e ${gate}.over ] || exit 3
  while read -r key value; do [ "$key $value" = "TracerPid: 0" ] || [ "$key" != TracerPid: ] || traced=yes; done < /proc/$held/status
  [ -n "$traced" ] || sleep 0.02
done
umask 0
mkfifo ${gate}
: > ${gate}
rm -f ${gate}
echo attached
wait`;
}

/** Why a tracer could not be attached; undefined: the error is another. */
export function whyNotAttached(error: unknown): string | undefined {
  return error instanceof SeccompGenError && error.problem.code === "tracer-not-attached"
    ? error.problem.detail
    : undefined;
}

/** So long a sidecar may take to start and attach. */
const attachTimeoutMs = 60_000;

/**
 * So often it looks for the held program, 20 ms and more apart: a container that runs has begun it;
 * `exec` may take a while to.
 */
const maxLooks = { running: 250, beginning: 1000 } as const;

/** Which container a sidecar belongs to. */
export interface SidecarPlace {
  readonly session: string;
  readonly container: string;
  readonly outVolume: string;
  /** What it has to share with the workload's container: user namespace, labels. */
  readonly options: readonly string[];
  /** Further options of strace. */
  readonly strace: readonly string[];
}

/**
 * Attaches strace to the program that waits at the gate `name` in a running container, from beside:
 * the tracer has CAP_SYS_PTRACE, so setuid programs keep their privilege (execve(2)), and it is no
 * child of the workload, uses none of its limits and is under none of its restrictions.
 */
export function startSidecar(
  cli: ContainerCli,
  bundle: TracerBundle,
  place: SidecarPlace,
  name: string,
  program: keyof typeof maxLooks,
  onTrouble: (why: string) => void,
): Sidecar {
  const ownName = `seccomp-gen-sidecar-${randomBytes(6).toString("hex")}`;
  const [file = "", ...words] = cli.words;
  const child = execa(
    file,
    [
      ...[
        ...words,
        "run",
        "--rm",
        "--name",
        ownName,
        "--pid",
        `container:${place.container}`,
        ...helperOptions,
        "--cap-add",
        "SYS_PTRACE",
        "--user",
        "0",
      ],
      ...["--security-opt", "label=disable", ...place.options],
      ...["--volume", `${bundle.volume}:${tracerFolder}:ro`, "--volume", `${place.outVolume}:${traceFolder}`],
      ...[
        "--entrypoint",
        "/bin/sh",
        bundle.image,
        "-c",
        sidecarScript(place.session, name, maxLooks[program], place.strace),
      ],
    ],
    { stdin: "ignore", reject: false, detached: true, buffer: false },
  );
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString("utf8")).slice(-4000)));
  child.stderr.on("data", hearTrouble(onTrouble));
  const attached = new Promise<void>((resolve, reject) => {
    const fail = (detail: string): void => reject(new SeccompGenError({ code: "tracer-not-attached", detail }));
    setTimeout(() => fail("it did not find the held program in time"), attachTimeoutMs).unref();
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
      if (/^attached$/m.test(said)) resolve();
    });
    void child.then(({ exitCode }) =>
      fail(complaint.trim().split("\n").slice(-3).join("\n") || `it ended with exit code ${exitCode ?? "unknown"}`),
    );
  });
  attached.catch(() => undefined); // who waits for it hears of it
  return {
    attached,
    ended: child.then(() => undefined),
    remove: async () => void (await capture(cli, ["rm", "-f", ownName])),
  };
}

const restartPollMs = 200;
/** So long after strace has ended the engine knows whether the container has. */
const lossCheckMs = 2_000;

/**
 * Traces a container's held program, again each time that the container is restarted (restart
 * policies, `docker restart`), until `over`. Resolves once the first tracer is attached; rejects
 * where that fails although the container runs. `onLost` hears why a trace is not the whole of it:
 * a container whose later start cannot be traced is stopped, for its program would wait at the gate
 * for ever.
 */
export async function keepTraced(
  cli: ContainerCli,
  bundle: TracerBundle,
  place: SidecarPlace,
  name: string,
  over: AbortSignal,
  onLost: (why: string) => void,
): Promise<void> {
  const life = async (): Promise<string> =>
    (await capture(cli, ["inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", place.container])).stdout;
  const isRunning = async (): Promise<boolean> =>
    (await capture(cli, ["inspect", "--format", "{{.State.Running}}", place.container])).stdout === "true";
  const trace = async (): Promise<Sidecar> => {
    const sidecar = startSidecar(cli, bundle, place, name, "running", onLost);
    over.addEventListener("abort", () => void sidecar.remove(), { once: true });
    await sidecar.attached.catch(async (error: unknown) => {
      await sidecar.remove();
      if (!over.aborted && (await isRunning())) throw error;
    });
    return sidecar;
  };
  const first = await trace();
  void (async () => {
    for (let sidecar = first; ; sidecar = await trace()) {
      const begun = await life();
      await sidecar.ended;
      if (begun.startsWith("true") && (await life()) === begun) {
        await delay(lossCheckMs, undefined, { signal: over });
        if ((await life()) === begun) return onLost("strace ended before the workload did (killed, or out of memory?)");
      }
      while (!over.aborted && !(await isRunning())) await delay(restartPollMs);
      if (over.aborted) return;
    }
  })().catch(async (error: unknown) => {
    if (over.aborted) return;
    onLost(
      "the container started once more, and the tracer beside it could not be attached again: " +
        `${whyNotAttached(error) ?? String(error)}`,
    );
    await capture(cli, ["stop", "--time", "1", place.container]);
  });
}
