import { containerCli } from "../container/run-command.ts";
import { SeccompGenError } from "../errors.ts";
import { findLeftovers, removeLeftovers } from "../container/leftovers.ts";
import type { Terminal } from "./terminal.ts";

/** `seccomp-gen clean`: removes the containers and volumes that a killed session left. 0 fine, 2 something could not be removed. */
export async function clean(words: readonly string[], terminal: Terminal): Promise<number> {
  const cli = containerCli(words.length === 0 ? ["docker"] : words);
  if (cli === undefined) throw new SeccompGenError({ code: "usage", what: `${words.join(" ")} is no container command`, todo: "seccomp-gen clean, or e.g. seccomp-gen clean -- sudo podman" });
  const found = await findLeftovers(cli);
  const failures = await removeLeftovers(cli, found);
  for (const failure of failures) terminal.note(`not removed: ${failure}`);
  const counts = [`${found.containers.length} containers`, `${found.volumes.length} trace volumes`].join(", ");
  terminal.note(found.containers.length + found.volumes.length === 0 ? "nothing left behind" : `found ${counts}; ${failures.length === 0 ? "all removed" : `${failures.length} not removed`}`);
  return failures.length === 0 ? 0 : 2;
}
