import { basename } from "node:path";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { checkName, knownBefore, partialPath, type Terminal } from "../project/index.ts";
import { clientCommand, type ClientCommand } from "../run/gateway/index.ts";
import { recordHost, recordRounds, type RecordOptions, type Recorded } from "../run/recorder/index.ts";
import { renderSummary } from "../words/index.ts";
import { keepRecording, placesOf, thenRelease } from "./keep.ts";
import { recordEach, type EachOptions } from "./record-containers.ts";

/** `seccomp-gen record`: trace → recording → profile → summary. Resolves to the exit code. */
export async function record(
  words: readonly string[],
  options: RecordOptions & EachOptions,
  terminal: Terminal,
): Promise<number> {
  const command = clientCommand(words);
  const elsewhere = command.tool === undefined ? basename(words[0] ?? "") : command.tool.name;
  const refused = startsElsewhere[elsewhere];
  if (refused !== undefined) {
    throw new SeccompGenError({ code: "usage", what: `what ${elsewhere} starts cannot be recorded`, todo: refused });
  }
  return command.tool !== undefined || asksForContainers(options)
    ? recordEach(command, options, terminal)
    : recordProgram(command, options, terminal);
}

function asksForContainers({ containers, only, except, keep }: EachOptions): boolean {
  return containers || only.length > 0 || except.length > 0 || keep;
}

const onNode =
  "Its containers run on the cluster's nodes. Record the image with docker run, with the same command, " +
  "user and capabilities.";

/** Tools whose containers no engine of ours starts, and the way to go. */
const startsElsewhere: { readonly [tool: string]: string | undefined } = {
  kubectl: onNode,
  helm: onNode,
  oc: onNode,
  minikube: onNode,
  kind: onNode,
  nerdctl: "containerd has no API of Docker's. Record the image with docker run or podman run.",
  "podman-compose":
    "Give the project to Compose (docker compose up), or record each service: podman run [OPTIONS] IMAGE.",
};

/** Records a program of this host. */
async function recordProgram(command: ClientCommand, options: RecordOptions, terminal: Terminal): Promise<number> {
  const { words } = command;
  const name = checkName(options.name ?? basename(words[0] ?? ""));
  const paths = await placesOf(name);
  const before = await knownBefore(paths.recording, options.append);
  const known = options.append ? before : undefined;
  const { fresh, last, unparsed, missed, release } = await recordRounds(
    name,
    known,
    options,
    (untraced) => recordHost(name, words, options, untraced, terminal),
    terminal,
  );
  const tool = containerTool(last);
  if (tool !== undefined) {
    await release();
    throw new SeccompGenError({
      code: "usage",
      what:
        `${escapeLine(words[0] ?? "")} ran ${tool}, whose engine starts the containers: they were not traced, ` +
        "and nothing was written",
      todo: `Record what it starts: seccomp-gen record --containers -- ${escapeLine(words.join(" "))}`,
    });
  }
  const { recording, derivation } = await thenRelease(
    keepRecording({ name, before, recording: fresh, trouble: last.trouble }, options, terminal),
    release,
    () =>
      terminal.note(
        "what was traced is still in the temporary folder: seccomp-gen clean takes it into " +
          partialPath(paths.recording),
      ),
  );
  terminal.note(
    renderSummary({
      ...derivation,
      diff: derivation.counts(),
      mode: options.mode,
      recording,
      paths,
      unparsed,
      missed,
      container: false,
      verified: options.verify,
    }),
  );
  if (options.verify)
    terminal.note(
      "--verify: a program on this host cannot be run under a Docker profile; run it in a container to verify",
    );
  return last.stoppedByUs ? 0 : (last.exitCode ?? 0);
}

/** A client of an engine that the program executed. */
function containerTool({ aggregators }: Recorded): string | undefined {
  const programs = aggregators.flatMap((aggregator) => aggregator.executed().map(({ path }) => basename(path)));
  return programs.find((program) => ["docker", "podman", "docker-compose"].includes(program));
}
