import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { SeccompGenError } from "../../core/errors/index.ts";
import type { ClientCommand } from "./client-command.ts";
import { member, textOf } from "./document.ts";
import type { Endpoint, Tls } from "./upstream.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const defaultSocket = "/var/run/docker.sock";

/**
 * The engine to which the command's clients would talk without us (docker CLI, cli/context and cli/command/cli.go): by
 * the options of a docker command, DOCKER_HOST, DOCKER_CONTEXT, the context in use, or the usual socket. Podman's
 * client reads CONTAINER_HOST (podman(1)).
 */
export function endpointOf({ words, tool }: ClientCommand, given: Environment): Endpoint {
  const config = tool === undefined ? undefined : configOption(words.slice(tool.at + 1));
  const environment = config === undefined ? given : { ...given, DOCKER_CONFIG: config };
  const cli = tool === undefined ? ["docker"] : words.slice(0, tool.at + 1);
  const found =
    tool !== undefined && tool.connection.length > 0
      ? ofOptions(tool.connection, environment)
      : tool?.name === "podman" && isSet(environment, "CONTAINER_HOST")
        ? ofHost(environment["CONTAINER_HOST"] ?? "", undefined)
        : ofEnvironment(environment);
  // If the user needs sudo for the engine, we need it too.
  const reachable = found?.kind !== "unix" || tool?.elevated !== true || isReachable(found.path);
  return found === undefined || !reachable
    ? { kind: "command", words: [...cli, ...(tool?.connection ?? []), "system", "dial-stdio"] }
    : found;
}

/** Nothing says which engine to use, and Docker's own socket is not there. */
export function hasNoDocker(environment: Environment): boolean {
  const isChosen = ["DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST"].some((name) => isSet(environment, name));
  return !isChosen && currentContext(environment) === "default" && !existsSync(defaultSocket);
}

function isSet(environment: Environment, name: string): boolean {
  return (environment[name] ?? "") !== "";
}

/** The value of docker's `--config` before the verb. It says where its contexts are. */
function configOption(words: readonly string[]): string | undefined {
  for (let at = 0; (words[at] ?? "").startsWith("-"); at += 1) {
    if (words[at] === "--config") return words[at + 1];
    if (words[at]?.startsWith("--config=") === true) return words[at]?.slice("--config=".length);
    if (words[at] === "-l" || words[at] === "--log-level") at += 1;
  }
  return undefined;
}

/** `undefined` if the CLI itself must connect. */
function ofOptions(connection: readonly string[], environment: Environment): Endpoint | undefined {
  const [option = "", value = ""] = connection;
  if (connection.some((word) => word.startsWith("--tls"))) return undefined;
  const given = /^(?:-H|-c|--host=|--context=)(.+)$/s.exec(option)?.[1] ?? value;
  return option.startsWith("-c") || option.startsWith("--context")
    ? ofContext(given, environment)
    : ofHost(given, undefined);
}

function ofEnvironment(environment: Environment): Endpoint | undefined {
  const chosen = environment["DOCKER_CONTEXT"] || currentContext(environment);
  return ofContext(isSet(environment, "DOCKER_HOST") ? "default" : chosen, environment);
}

/** The context `default` is what DOCKER_HOST says, also if `--context` names it. */
function ofDefault(environment: Environment): Endpoint | undefined {
  const host = environment["DOCKER_HOST"] ?? "";
  if (host === "") return { kind: "unix", path: defaultSocket };
  const isVerified = isSet(environment, "DOCKER_TLS_VERIFY");
  return ofHost(
    host,
    isVerified ? tlsOf(environment["DOCKER_CERT_PATH"] ?? configFolder(environment), false) : undefined,
  );
}

function ofHost(host: string, tls: Tls | undefined): Endpoint | undefined {
  const [, scheme = "tcp", rest = host] = /^([a-z]+):\/\/(.*)$/s.exec(host) ?? [];
  if (scheme === "unix") return { kind: "unix", path: rest || defaultSocket };
  if (scheme !== "tcp" && scheme !== "http" && scheme !== "https") return undefined;
  const url = URL.canParse(`http://${rest}`) ? new URL(`http://${rest}`) : undefined;
  if (url === undefined)
    throw new SeccompGenError({
      code: "usage",
      what: `DOCKER_HOST names no engine: ${host}`,
      todo: "It is unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST.",
    });
  return {
    kind: "tcp",
    host: url.hostname.replace(/^\[|\]$/g, "") || "127.0.0.1",
    port: Number(/:(\d+)(?:\/|$)/.exec(rest)?.[1] ?? (tls === undefined ? 2375 : 2376)),
    tls,
  };
}

/** The folder of the docker CLI's configuration. */
export function configFolder(environment: Environment): string {
  return environment["DOCKER_CONFIG"] || join(environment["HOME"] ?? homedir(), ".docker");
}

function currentContext(environment: Environment): string {
  return textOf(member(readJson(join(configFolder(environment), "config.json")), "currentContext")) || "default";
}

/** Contexts are folders named after the digest of their name (docker CLI, cli/context/store). */
function ofContext(name: string, environment: Environment): Endpoint | undefined {
  if (name === "default") return ofDefault(environment);
  const folder = join(configFolder(environment), "contexts");
  const digest = createHash("sha256").update(name).digest("hex");
  const endpoint = member(member(readJson(join(folder, "meta", digest, "meta.json")), "Endpoints"), "docker");
  const host = textOf(member(endpoint, "Host"));
  if (host === "")
    throw new SeccompGenError({
      code: "usage",
      what: `there is no Docker context ${name}`,
      todo: "docker context ls lists them.",
    });
  const material = join(folder, "tls", digest, "docker");
  const skipVerify = member(endpoint, "SkipTLSVerify") === true;
  return ofHost(
    host,
    skipVerify ||
      readIfThere(join(material, "ca.pem")) !== undefined ||
      readIfThere(join(material, "cert.pem")) !== undefined
      ? tlsOf(material, skipVerify)
      : undefined,
  );
}

function tlsOf(folder: string, skipVerify: boolean): Tls {
  return {
    ca: readIfThere(join(folder, "ca.pem")),
    cert: readIfThere(join(folder, "cert.pem")),
    key: readIfThere(join(folder, "key.pem")),
    skipVerify,
  };
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** `undefined` if the file cannot be read or is not JSON. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function isReachable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
