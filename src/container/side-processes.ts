import type { Image } from "./image.ts";
import type { RunCommand } from "./run-command.ts";
import { isOn, valuesOf } from "./run-options.ts";

/** A process the profile binds although it is no child of the workload's first one. */
export interface SideProcess {
  readonly label: string;
  readonly words: readonly string[];
}

/** The container's HEALTHCHECK (from flags or image) and what the user will `docker exec`. */
export function sideProcesses(run: RunCommand, image: Image, execs: readonly string[]): readonly SideProcess[] {
  const health = isOn(run.options, "no-healthcheck") ? undefined : healthcheck(run, image);
  return [
    ...(health === undefined ? [] : [{ label: "HEALTHCHECK", words: health }]),
    ...execs.map((command) => ({ label: `--exec ${command}`, words: execWords(command) })),
  ];
}

function healthcheck(run: RunCommand, image: Image): readonly string[] | undefined {
  const flag = valuesOf(run.options, "health-cmd").at(-1);
  if (flag !== undefined) return flag === "" ? undefined : shellWords(flag);
  const [form, ...words] = image.healthcheck ?? [];
  if (form === "CMD") return words;
  return form === "CMD-SHELL" ? shellWords(words.join(" ")) : undefined;
}

/** Plain words are run as they are, so that an image without a shell can be exec'd into; anything else needs one. */
function execWords(command: string): readonly string[] {
  return /^[\w@%+=:,./ -]+$/.test(command) ? command.trim().split(/ +/) : shellWords(command);
}

/** /bin/sh whatever the image's SHELL is: moby does not take that over for health checks (measured with 20.10.24). */
function shellWords(command: string): readonly string[] {
  return ["/bin/sh", "-c", command];
}
