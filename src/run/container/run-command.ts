import { basename } from "node:path";
import { SeccompGenError } from "../../core/errors/index.ts";
import { capture, optionProbe, type ContainerCli } from "./cli.ts";
import { parseOptionHelp, parseOptions, type OptionWords } from "./run-options.ts";

/** A `docker run …` command, taken apart. Every word of it is in here, verbatim and in order. */
export interface RunCommand {
  readonly cli: ContainerCli;
  readonly options: readonly OptionWords[];
  readonly image: string;
  /** The words after the image. */
  readonly command: readonly string[];
}

const tools = ["docker", "podman", "nerdctl"] as const;

/** Index of the program in a command: behind `env`, assignments and `sudo -E`. */
function programIndex(words: readonly string[]): number {
  let at = 0;
  if (basename(words[at] ?? "") === "env") at += 1;
  while (/^[A-Za-z_]\w*=/.test(words[at] ?? "")) at += 1;
  if (basename(words[at] ?? "") === "sudo") {
    at += 1;
    // sudo's own flags; those that take a value are -u -g -h -p -C -D -R -T (sudo(8)).
    while ((words[at] ?? "").startsWith("-")) at += /^-[ughpCDRT]$/.test(words[at] ?? "") ? 2 : 1;
    while (/^[A-Za-z_]\w*=/.test(words[at] ?? "")) at += 1;
  }
  return at;
}

/**
 * Index of the container CLI's word in a command (`docker`, `sudo -E docker`, `DOCKER_HOST=…
 * docker`), or undefined.
 */
export function containerCliIndex(words: readonly string[]): number | undefined {
  const at = programIndex(words);
  return tools.some((tool) => tool === basename(words[at] ?? "")) ? at : undefined;
}

/** The words of a container CLI alone (`sudo docker --context x`); undefined: they name none. */
export function containerCli(words: readonly string[]): ContainerCli | undefined {
  const at = containerCliIndex(words);
  return at === undefined ? undefined : { tool: basename(words[at] ?? "") as (typeof tools)[number], words };
}

/**
 * Takes `docker [global options] [container] run [options] IMAGE [COMMAND…]` apart. Which options
 * take a value is asked of the CLI (`run --help`), never kept in a list of ours. Returns undefined
 * where the words are no container command.
 */
export async function parseRunCommand(words: readonly string[]): Promise<RunCommand | undefined> {
  const at = containerCliIndex(words);
  const program = basename(words[programIndex(words)] ?? "");
  // It would be traced as a program of this host, and nothing of its containers would be seen.
  if (program === "docker-compose")
    throw notRun(
      program,
      words[programIndex(words) + 1] ?? "",
      "Give it to Docker's plug-in: seccomp-gen record -- docker compose up SERVICE",
    );
  if (program === "podman-compose")
    throw notRun(
      program,
      words[programIndex(words) + 1] ?? "",
      `Write the service as a command, one recording each: ${runForm("podman")}`,
    );
  if (at === undefined) return undefined;
  const tool = basename(words[at] ?? "") as (typeof tools)[number];
  const bare: ContainerCli = { tool, words: words.slice(0, at + 1) };
  const globalHelp = await capture(bare, ["--help"]);
  const globals = await parseOptions(words.slice(at + 1), parseOptionHelp(globalHelp.stdout), optionProbe(bare, []));
  const cli: ContainerCli = { tool, words: [...bare.words, ...globals.options.flatMap((option) => option.words)] };
  const [first, second] = globals.rest;
  const verbLength = first === "run" ? 1 : first === "container" && second === "run" ? 2 : 0;
  if (verbLength === 0) throw notRun(tool, first ?? "", `Give the full command: ${runForm(tool)}`);
  const help = await capture(cli, ["run", "--help"]);
  const { options, rest } = await parseOptions(
    globals.rest.slice(verbLength),
    parseOptionHelp(help.stdout),
    optionProbe(cli, ["run"]),
  );
  const [image, ...command] = rest;
  if (image === undefined) {
    throw new SeccompGenError({
      code: "usage",
      what: `no image in: ${tool} run …`,
      todo: `Name an image after the options: ${tool} run [OPTIONS] IMAGE [COMMAND]`,
    });
  }
  return { cli, options, image, command };
}

/** Changes to a run command. Everything else stays verbatim and in order. */
export interface RunChanges {
  /** Options left out, by long name; the predicate sees each value. */
  readonly without: (name: string, value: string | undefined) => boolean;
  /** Added before the image. */
  readonly options: readonly string[];
  /** The words after the image; undefined: as they were. */
  readonly command: readonly string[] | undefined;
}

/** The words of `run` (after the CLI's own) with changes applied. */
export function runWords(run: RunCommand, changes: RunChanges): readonly string[] {
  const kept = run.options.filter(
    (option) => !option.settings.some((setting) => changes.without(setting.name, setting.value)),
  );
  return [
    "run",
    ...kept.flatMap((option) => option.words),
    ...changes.options,
    run.image,
    ...(changes.command ?? run.command),
  ];
}

/**
 * Whether a `--security-opt` value chooses a seccomp profile (`seccomp=FILE`, `seccomp:FILE` of
 * old).
 */
export function choosesSeccomp(name: string, value: string | undefined): boolean {
  return name === "security-opt" && /^seccomp[=:]/.test(value ?? "");
}

function runForm(tool: string): string {
  return `seccomp-gen record -- ${tool} run [OPTIONS] IMAGE [COMMAND]`;
}

/** What cannot be recorded, and what can. */
function notRun(program: string, verb: string, todo: string): SeccompGenError {
  return new SeccompGenError({ code: "usage", what: `${program} ${verb} cannot be recorded`, todo });
}
