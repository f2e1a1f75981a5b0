import { setTimeout as delay } from "node:timers/promises";
import { isPlainWord } from "../../core/text/index.ts";
import { durationMs } from "./duration.ts";
import type { Image } from "./image.ts";
import type { RunCommand } from "./run-command.ts";
import { isOn, valuesOf } from "./run-options.ts";

/** A process the profile binds although it is no child of the workload's first one. */
export interface SideProcess {
  readonly label: string;
  readonly words: readonly string[];
  /**
   * The engine runs it by itself so many milliseconds after the start, and again after each of its
   * ends; undefined: only who asks for it.
   */
  readonly every?: number | undefined;
}

/** The container's HEALTHCHECK (from flags or image) and what the user will `docker exec`. */
export function sideProcesses(run: RunCommand, image: Image, execs: readonly string[]): readonly SideProcess[] {
  const health = isOn(run.options, "no-healthcheck") ? undefined : healthcheck(run, image);
  return [
    ...(health === undefined
      ? []
      : [
          {
            label: "HEALTHCHECK",
            words: health,
            every:
              interval(valuesOf(run.options, "health-interval").at(-1)) ?? image.healthInterval ?? defaultIntervalMs,
          },
        ]),
    ...execs.map((command) => ({ label: `--exec ${command}`, words: execWords(command) })),
  ];
}

/**
 * Without an interval of its own, and so often until a container is called unhealthy (Dockerfile
 * reference, HEALTHCHECK).
 */
const defaultIntervalMs = 30_000;
const retries = 3;

/** An interval of 0 is none (moby's container health). */
function interval(duration: string | undefined): number | undefined {
  const milliseconds = durationMs(duration ?? "");
  return milliseconds === 0 ? undefined : milliseconds;
}

/**
 * Runs what the engine runs by itself, at its times until it succeeds once, or has failed as often
 * as makes a container unhealthy, or `over`: a container that ends by itself is asked in time.
 */
export async function runInTime(
  sides: readonly SideProcess[],
  over: AbortSignal,
  succeeds: (side: SideProcess) => Promise<boolean>,
): Promise<void> {
  await Promise.all(
    sides.map(async (side) => {
      if (side.every === undefined) return;
      for (let tries = 0; tries < retries; tries += 1) {
        await delay(side.every, undefined, { signal: over }).catch(() => undefined);
        if (over.aborted || (await succeeds(side))) return;
      }
    }),
  );
}

function healthcheck(run: RunCommand, image: Image): readonly string[] | undefined {
  const flag = valuesOf(run.options, "health-cmd").at(-1);
  if (flag !== undefined) return flag === "" ? undefined : shellWords(flag);
  const [form, ...words] = image.healthcheck ?? [];
  if (form === "CMD") return words;
  return form === "CMD-SHELL" ? shellWords(words.join(" ")) : undefined;
}

/**
 * Plain words are run as they are, so that an image without a shell can be exec'd into; anything
 * else needs one.
 */
function execWords(command: string): readonly string[] {
  const words = command.trim().split(/ +/);
  return words.every(isPlainWord) ? words : shellWords(command);
}

/**
 * /bin/sh whatever the image's SHELL is: moby does not take that over for health checks (measured
 * with 20.10.24).
 */
function shellWords(command: string): readonly string[] {
  return ["/bin/sh", "-c", command];
}
