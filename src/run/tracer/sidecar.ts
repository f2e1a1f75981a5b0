import { randomBytes } from "node:crypto";
import { execa } from "execa";
import { capture, type ContainerCli } from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeShell } from "../../core/text/index.ts";
import type { TracerBundle } from "./bundle.ts";
import { helperOptions } from "./reader.ts";
import { attachedStraceWords, containerStrace, gateOf, holder, traceFolder, tracerFolder } from "./strace-command.ts";
import { StraceTrouble } from "./strace-trouble.ts";
import { heldMark } from "./without-holder.ts";

/** A tracer in a container of its own, in the process namespace of the workload's. */
export interface Sidecar {
  /**
   * Resolves when strace is attached and the held program goes on. Rejects with
   * `tracer-not-attached`.
   */
  readonly attached: Promise<void>;
  /** Resolves when everything that was traced has ended. */
  readonly ended: Promise<void>;
  readonly trouble: StraceTrouble;
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
  while read -r key value; do
    [ "$key $value" = "TracerPid: 0" ] || [ "$key" != TracerPid: ] || traced=yes
  done < /proc/$held/status
  [ -n "$traced" ] || sleep 0.02
done
umask 0
mkfifo ${gate}
: > ${gate}
rm -f ${gate}
echo attached
wait`;
}

/** Why a tracer could not be attached; `undefined` for any other error. */
export function whyNotAttached(error: unknown): string | undefined {
  return error instanceof SeccompGenError && error.problem.code === "tracer-not-attached"
    ? error.problem.detail
    : undefined;
}

/** A sidecar may take this long to start and attach. */
const attachTimeoutMs = 60_000;

/**
 * How often a sidecar looks for the held program, 20 ms and more apart. A container that runs has
 * begun its program; `exec` may take a while to begin one.
 */
const maxLooks = { running: 250, beginning: 1000 } as const;

/** Which container a sidecar belongs to. */
export interface SidecarPlace {
  readonly cli: ContainerCli;
  readonly bundle: TracerBundle;
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
export function startSidecar(place: SidecarPlace, name: string, program: keyof typeof maxLooks): Sidecar {
  const ownName = `seccomp-gen-sidecar-${randomBytes(6).toString("hex")}`;
  const [file = "", ...words] = place.cli.words;
  const child = execa(file, [...words, ...sidecarWords(place, ownName, name, maxLooks[program])], {
    stdin: "ignore",
    reject: false,
    detached: true,
    buffer: false,
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString("utf8")).slice(-4000)));
  const trouble = new StraceTrouble();
  child.stderr.on("data", trouble.hear);
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
  attached.catch(() => undefined); // whoever awaits it gets the error
  return {
    attached,
    ended: child.then(() => undefined),
    trouble,
    remove: async () => void (await capture(place.cli, ["rm", "-f", ownName])),
  };
}

function sidecarWords(place: SidecarPlace, ownName: string, name: string, looks: number): readonly string[] {
  const script = sidecarScript(place.session, name, looks, place.strace);
  return [
    ["run", "--rm", "--name", ownName, "--pid", `container:${place.container}`],
    [...helperOptions, "--cap-add", "SYS_PTRACE", "--user", "0"],
    ["--security-opt", "label=disable", ...place.options],
    ["--volume", `${place.bundle.volume}:${tracerFolder}:ro`],
    ["--volume", `${place.outVolume}:${traceFolder}`],
    ["--entrypoint", "/bin/sh", place.bundle.image, "-c", script],
  ].flat();
}
