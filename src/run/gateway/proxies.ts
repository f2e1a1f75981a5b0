import { join } from "node:path";
import { isDocument, member, textOf } from "./document.ts";
import { configFolder, readJson, type Environment } from "./endpoint.ts";
import type { Endpoint } from "./upstream.ts";

/** Docker's build arguments for proxies, by their names in the CLI's configuration file. */
const proxyNames = [
  ["httpProxy", "HTTP_PROXY"],
  ["httpsProxy", "HTTPS_PROXY"],
  ["noProxy", "NO_PROXY"],
] as const;

/**
 * The proxies that a build on this engine uses, in upper and lower case. The docker CLI's
 * configuration comes first, then the environment. Docker predefines these arguments, so they reach
 * the build's commands and stay out of the image (docs.docker.com, "Predefined ARGs").
 */
export function proxyArguments(endpoint: Endpoint, environment: Environment): Readonly<Record<string, string>> {
  const proxies = member(readJson(join(configFolder(environment), "config.json")), "proxies");
  const own = isDocument(proxies) ? proxies[hostOf(endpoint)] : undefined;
  const configured = own ?? member(proxies, "default");
  return Object.fromEntries(
    proxyNames.flatMap(([name, argument]) => {
      const lower = argument.toLowerCase();
      const value = textOf(member(configured, name)) || textOf(environment[argument]) || textOf(environment[lower]);
      return value === "" ? [] : [argument, lower].map((each) => [each, value] as const);
    }),
  );
}

/** The engine's address, as the CLI's configuration names it (docker CLI, cli/config/configfile). */
function hostOf(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case "unix":
      return `unix://${endpoint.path}`;
    case "tcp":
      return `tcp://${endpoint.host}:${endpoint.port}`;
    case "command":
      return "";
  }
}
