import { rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeShell } from "../../core/text/index.ts";
import { capture, optionProbe, output, type ContainerCli } from "./cli.ts";
import { sessionFolder } from "./leftovers.ts";
import { dependenciesOf, environmentFile, serviceWords, type ComposeModel } from "./compose-service.ts";
import { containerCliIndex } from "./run-command.ts";
import { isOn, parseOptionHelp, parseOptions, valuesOf, type OptionWords } from "./run-options.ts";

/** `docker compose [options] run|up …`, taken apart. */
export interface ComposeCommand {
  readonly cli: ContainerCli;
  /** `docker compose` with its own options: what stands before a verb. */
  readonly words: readonly string[];
  readonly verb: "run" | "up";
  readonly options: readonly OptionWords[];
  readonly model: ComposeModel;
  /** In the order of the command; of `up` without names all. */
  readonly services: readonly string[];
  /** The words behind the service of `run`. */
  readonly command: readonly string[] | undefined;
}

/**
 * A service whose container can be run by itself, while the others of its project that it needs are
 * up.
 */
export interface ServiceRun {
  /** The whole `docker run` command. */
  readonly words: readonly string[];
  /** Starts those that need this service in turn, as a shell command; undefined: there are none. */
  readonly startOthers: string | undefined;
  /** Takes away what was started for it; what was there before stays. */
  readonly close: () => Promise<void>;
}

/** Options that change how Compose starts containers, and not what they do. */
const ofNoMatter = new Set([
  "build",
  "detach",
  "interactive",
  "no-TTY",
  "no-build",
  "no-color",
  "no-deps",
  "no-log-prefix",
  "quiet-pull",
  "rm",
  "service-ports",
  "use-aliases",
  "timeout",
  "force-recreate",
]);

/** Options of `compose run` that `docker run` has too. */
const shared = new Set([
  "cap-add",
  "cap-drop",
  "entrypoint",
  "env",
  "label",
  "name",
  "publish",
  "user",
  "volume",
  "workdir",
]);

/**
 * Undefined: the words are no command of `docker compose`. Throws `usage` for another verb than run
 * and up, and where there is no Compose.
 */
export async function parseComposeCommand(words: readonly string[]): Promise<ComposeCommand | undefined> {
  const at = containerCliIndex(words);
  if (at === undefined || basename(words[at] ?? "") !== "docker") return undefined;
  const bare: ContainerCli = { tool: "docker", words: words.slice(0, at + 1) };
  const globals = await parseOptions(
    words.slice(at + 1),
    parseOptionHelp((await capture(bare, ["--help"])).stdout),
    optionProbe(bare, []),
  );
  if (globals.rest[0] !== "compose") return undefined;
  const cli: ContainerCli = {
    tool: "docker",
    words: [...bare.words, ...globals.options.flatMap((option) => option.words)],
  };
  const help = await capture(cli, ["compose", "--help"]);
  if (help.exitCode !== 0 || !/docker compose/i.test(help.stdout))
    throw usage(
      "docker compose is not there: the plug-in is not installed",
      "Install it (docker-compose-plugin), or write the service as a command: seccomp-gen record " +
        "--name SERVICE -- docker run [OPTIONS] IMAGE [COMMAND]",
    );
  const own = await parseOptions(globals.rest.slice(1), parseOptionHelp(help.stdout), optionProbe(cli, ["compose"]));
  const compose = ["compose", ...own.options.flatMap((option) => option.words)];
  const [verb = "", ...rest] = own.rest;
  if (verb !== "run" && verb !== "up")
    throw usage(
      `docker compose ${verb} cannot be recorded`,
      "Give docker compose run SERVICE or docker compose up SERVICE…",
    );
  const { options, rest: operands } = await parseOptions(
    rest,
    parseOptionHelp((await capture(cli, [...compose, verb, "--help"])).stdout),
    optionProbe(cli, [...compose, verb]),
  );
  for (const { name } of options.flatMap((option) => option.settings)) {
    if (!ofNoMatter.has(name) && !(verb === "run" && shared.has(name)))
      throw usage(
        `docker compose ${verb} --${name} cannot be recorded`,
        "Leave it out, or write the service as docker run …",
      );
  }
  const model = unescaped(
    JSON.parse(await output(cli, [...compose, "config", "--format", "json"], "reading the Compose project")),
  ) as ComposeModel;
  const services = verb === "run" ? operands.slice(0, 1) : operands.length > 0 ? operands : Object.keys(model.services);
  const unknown = services.find((service) => !Object.hasOwn(model.services, service));
  if (services.length === 0 || unknown !== undefined)
    throw usage(
      unknown === undefined ? "no service is named" : `the project ${model.name} has no service ${unknown}`,
      `Its services: ${Object.keys(model.services).join(", ")}.`,
    );
  const command = verb === "run" && operands.length > 1 ? operands.slice(1) : undefined;
  return { cli, words: compose, verb, options, model, services, command };
}

/**
 * Has the project ready for one of its services: images, networks and volumes are there, and what
 * the service depends on is up.
 */
export async function openService(
  { cli, words: compose, verb, options, model, services, command }: ComposeCommand,
  service: string,
  notice: (line: string) => void,
): Promise<ServiceRun> {
  const call = (...words: readonly string[]): Promise<string> =>
    output(cli, [...compose, ...words], `docker compose ${words[0] ?? ""}`);
  const before = new Set(await containersOf(call));
  if (verb === "up" && (await call("ps", "--quiet", "--status", "running", service)) !== "")
    throw usage(`the service ${service} is up already`, `Stop it first: docker compose stop ${service}`);
  const folder = await sessionFolder();
  const close = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    const made = (await containersOf(call)).filter((id) => !before.has(id));
    // Networks go with the last container of a project; volumes stay, as after `docker compose
    // down`.
    if (before.size === 0) await capture(cli, [...compose, "down"]);
    else if (made.length > 0) await capture(cli, ["rm", "--force", "--volumes", ...made]);
  };
  try {
    const variables = join(folder, "environment");
    await writeFile(variables, environmentFile(model, service), { mode: 0o600 });
    const run = serviceWords(model, service, {
      environmentFile: variables,
      again: verb === "up",
      ports: verb === "up" || isOn(options, "service-ports"),
      aliases: verb === "up" || isOn(options, "use-aliases"),
      options: verb === "up" ? [] : oneOff(options),
      command,
      entrypoint: verb === "run" && valuesOf(options, "entrypoint").length > 0,
    });
    const needed = isOn(options, "no-deps") ? [] : dependenciesOf(model, service);
    const needs = needed.length > 0 ? `, which needs ${needed.join(", ")}` : "";
    notice(`preparing the Compose project ${model.name} for ${service}${needs}`);
    if (isOn(options, "build")) await call("build", service);
    await call("create", "--no-recreate", service);
    const conditions = Object.values(
      (model.services[service]?.["depends_on"] ?? {}) as Readonly<Record<string, { readonly condition?: string }>>,
    ).map(({ condition }) => condition);
    if (needed.length > 0)
      await call(
        "up",
        "--detach",
        "--no-recreate",
        ...(conditions.includes("service_healthy") ? ["--wait"] : []),
        ...needed,
      );
    const others = services.filter((other) => other !== service && !needed.includes(other));
    const startOthers =
      others.length === 0
        ? undefined
        : [...cli.words, ...compose, "up", "--detach", "--no-deps", "--no-recreate", ...others]
            .map(escapeShell)
            .join(" ");
    return { words: [...cli.words, "run", ...run], startOthers, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function containersOf(call: (...words: readonly string[]) => Promise<string>): Promise<readonly string[]> {
  return (await call("ps", "--all", "--quiet")).split("\n").filter((id) => id !== "");
}

/**
 * What `compose run` does by itself (docker compose run reference): its container has a terminal
 * where we have one, and an open standard input.
 */
function oneOff(options: readonly OptionWords[]): readonly string[] {
  const off = (name: string): boolean => valuesOf(options, name).at(-1) === "false";
  const terminal =
    process.stdin.isTTY &&
    process.stdout.isTTY &&
    (!options.some(({ settings }) => settings.some(({ name }) => name === "no-TTY")) || off("no-TTY"));
  return [
    ...(off("interactive") ? [] : ["--interactive"]),
    ...(terminal ? ["--tty"] : []),
    ...(isOn(options, "detach") ? ["--detach"] : []),
    ...options.flatMap(({ settings }) =>
      settings.flatMap(({ name, value }) => (shared.has(name) && value !== undefined ? [`--${name}=${value}`] : [])),
    ),
  ];
}

/** Compose prints what it would read again, with every `$` twice. */
function unescaped(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$$", "$");
  if (Array.isArray(value)) return value.map(unescaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unescaped(member)]));
}

function usage(what: string, todo: string): SeccompGenError {
  return new SeccompGenError({ code: "usage", what, todo });
}
