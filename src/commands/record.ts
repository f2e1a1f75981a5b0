import { basename } from "node:path";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { containerClients, type ContainerClient, type Recording } from "../core/recording/index.ts";
import { checkName, chosenCeiling, knownBefore, partialPath, type Terminal } from "../project/index.ts";
import { clientCommand, type ClientCommand } from "../run/gateway/index.ts";
import {
  recordHost,
  recordRounds,
  watchContainers,
  type ContainersRecorded,
  type RecordOptions,
  type Recorded,
  type Rounds,
} from "../run/recorder/index.ts";
import type { CommandEnd } from "../run/session/index.ts";
import type { Untraced } from "../run/tracer/index.ts";
import { renderSummary } from "../words/index.ts";
import { keepRecording, placesOf, thenRelease, type Kept } from "./keep.ts";
import { keepEach, podmanInScript, recordEach, type EachOptions } from "./record-containers.ts";

/** `seccomp-gen record`: trace → recording → profile → summary. Resolves to the exit code. */
export async function record(
  words: readonly string[],
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): Promise<number> {
  const command = clientCommand(words);
  const refused = startsElsewhere.get(command.program);
  if (refused !== undefined) {
    const what = `containers of ${command.program} cannot be recorded`;
    throw new SeccompGenError({ code: "usage", what, todo: refused });
  }
  await chosenCeiling(options);
  return command.tool !== undefined || asksForContainers(options)
    ? recordEach(command, options, terminal)
    : recordProgram(command, options, terminal);
}

/** These options apply to containers only. */
function asksForContainers(options: RecordOptions & EachOptions): boolean {
  const { containers, only, except, keep, exec } = options;
  return containers || only.length > 0 || except.length > 0 || keep || options.while !== undefined || exec.length > 0;
}

const onNode =
  "Its containers run on the cluster's nodes. Record the image with docker run, with the same command, " +
  "user and capabilities.";

const onContainerd = "containerd does not have Docker's API. Record the image with docker run or podman run.";

/** What to do instead with each tool whose containers another engine starts. */
const instead: { readonly [tool in Exclude<ContainerClient, "docker" | "docker-compose" | "podman">]: string } = {
  kubectl: onNode,
  helm: onNode,
  oc: onNode,
  minikube: onNode,
  kind: onNode,
  k3s: onNode,
  microk8s: onNode,
  nerdctl: onContainerd,
  ctr: onContainerd,
  crictl: onContainerd,
  buildah: "It has no API that could be watched. Record the built image: podman run [OPTIONS] IMAGE.",
  "podman-compose":
    "Give the project to Compose (docker compose up), or record each service: podman run [OPTIONS] IMAGE.",
};
const startsElsewhere: ReadonlyMap<string, string> = new Map(Object.entries(instead));

/** Records a program of this host, or the containers that it starts. */
async function recordProgram(
  command: ClientCommand,
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): Promise<number> {
  const { words } = command;
  const name = checkName(options.name ?? basename(words[0] ?? ""));
  const paths = await placesOf(name);
  const before = await knownBefore(paths.recording, options.append);
  const known = options.append ? before : undefined;
  await using watched = await watchContainers(command, options, terminal);
  const once = async (untraced: Untraced): Promise<Recorded> => {
    const recorded = await recordHost(name, words, options, untraced, terminal, watched?.environment);
    if (watched !== undefined && watched.made() > 0) {
      await recorded.release();
      throw new StartedContainers(await watched.finish(endOf(recorded, terminal)));
    }
    return recorded;
  };
  try {
    const rounds = await recordRounds(name, known, options, once, terminal);
    return await keepProgram({ name, words, before, paths, rounds }, options, terminal);
  } catch (error) {
    if (!(error instanceof StartedContainers)) throw error;
    terminal.note(`${escapeLine(words[0] ?? "")} started containers; they are recorded instead of the program`);
    return keepEach(command, error.recorded, options, terminal);
  }
}

/** Thrown when a program of this host starts containers. */
class StartedContainers extends Error {
  readonly recorded: ContainersRecorded;

  constructor(recorded: ContainersRecorded) {
    super("containers were started");
    this.recorded = recorded;
  }
}

function endOf({ exitCode, stoppedByUs }: Recorded, { interrupted }: Terminal): Pick<CommandEnd, "exitCode" | "by"> {
  if (!stoppedByUs) return { exitCode, by: "itself" };
  return { exitCode, by: interrupted.aborted ? "interrupt" : "stop-after" };
}

interface HostProgram {
  readonly name: string;
  readonly words: readonly string[];
  readonly before: Recording | undefined;
  readonly paths: Kept["paths"];
  readonly rounds: Rounds;
}

async function keepProgram(
  { name, words, before, paths, rounds }: HostProgram,
  options: RecordOptions,
  terminal: Terminal,
): Promise<number> {
  const { fresh, last, unparsed, missed, release } = rounds;
  const tool = containerTool(last);
  if (tool !== undefined) {
    await release();
    throw elsewhereStarted(words, tool);
  }
  const { recording, derivation } = await thenRelease(
    keepRecording({ name, before, recording: fresh, trouble: last.trouble }, options, terminal),
    release,
    () =>
      terminal.note(
        "the trace is still in the temporary folder; seccomp-gen clean writes it to " + partialPath(paths.recording),
      ),
  );
  terminal.note("host mode: the program ran outside any container; the profile fits a container that runs it");
  terminal.note(
    renderSummary({
      ...derivation,
      diff: derivation.counts(),
      mode: options.mode,
      recording,
      paths,
      unparsed,
      missed,
      rerun: undefined,
      verified: options.verify,
    }),
  );
  if (options.verify)
    throw new SeccompGenError({
      code: "usage",
      what: "the profile was made but not verified: a program of this host cannot run under a Docker profile",
      todo: "Run the program in a container to verify it.",
    });
  return last.stoppedByUs ? 0 : (last.exitCode ?? 0);
}

/** A container client that the program executed. */
function containerTool({ aggregators }: Recorded): string | undefined {
  const programs = aggregators.flatMap((aggregator) => aggregator.executed().map(({ path }) => basename(path)));
  return programs.find((program) => containerClients.has(program));
}

/** The error for containers that ran untraced. A recording of the client would pass for theirs. */
function elsewhereStarted(words: readonly string[], tool: string): SeccompGenError {
  const program = escapeLine(words[0] ?? "");
  return new SeccompGenError({
    code: "usage",
    what: `${program} ran ${tool}, but started no container that could be recorded; nothing was written`,
    todo:
      startsElsewhere.get(tool) ??
      (tool === "podman"
        ? `Record podman's own command: seccomp-gen record -- podman run ... ${podmanInScript}`
        : "Check that it starts a new container and uses DOCKER_HOST: sudo drops it (sudo -E keeps it), --context " +
          "and -H bypass it. Or record docker's own command: seccomp-gen record -- docker run ..."),
  });
}
