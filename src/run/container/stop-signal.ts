import type { Image } from "./image.ts";
import type { RunCommand } from "./run-command.ts";
import { valuesOf } from "./run-options.ts";

/**
 * The signal that `stop` sends first: --stop-signal, else the image's STOPSIGNAL, else SIGTERM. As
 * it was written: a name with or without SIG, or a number.
 */
export function stopSignal(run: RunCommand, image: Image): string {
  return valuesOf(run.options, "stop-signal").at(-1) || image.stopSignal || "SIGTERM";
}
