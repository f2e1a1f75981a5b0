import { capture, sessionOptions, type RunCommand } from "../container/index.ts";
import type { TracerBundle } from "./bundle.ts";
import { tracerFolder } from "./strace-command.ts";

/** At most this many programs are looked at. */
const maxPrograms = 500;

/**
 * Which of these programs of the workload's image are setuid or setgid (S_ISUID, S_ISGID;
 * inode(7)). The kernel does not give a traced program that privilege unless the tracer has
 * CAP_SYS_PTRACE (execve(2)), so such a program behaves differently while it is recorded. Programs on
 * volumes are not in the image and are not found.
 */
export async function setuidPrograms(
  run: RunCommand,
  bundle: TracerBundle,
  paths: readonly string[],
): Promise<readonly string[]> {
  const absolute = paths.filter((path) => path.startsWith("/")).slice(0, maxPrograms);
  if (absolute.length === 0) return [];
  const { stdout } = await capture(
    run.cli,
    [
      ["run", "--rm", "--pull", "never", "--network", "none", "--read-only", ...sessionOptions()],
      ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "0"],
      ["--volume", `${bundle.volume}:${tracerFolder}:ro`, "--entrypoint", `${tracerFolder}/ld.so`, run.image],
      ["--library-path", tracerFolder, `${tracerFolder}/stat`, "-L", "-c", "%f %n", "--", ...absolute],
    ].flat(),
  );
  return stdout.split("\n").flatMap((line) => {
    const [mode = "", ...name] = line.split(" ");
    return (Number.parseInt(mode, 16) & 0o6000) === 0 ? [] : [name.join(" ")];
  });
}
