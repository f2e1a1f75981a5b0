import type { RunCommand } from "./run-command.ts";

/**
 * Options whose values bear on what seccomp filter the workload needs and hold none of its data.
 * Every other value is dropped from what we write: environment, labels, mounts, names, addresses
 * and the workload's own arguments may be secret.
 */
const keptValues: ReadonlySet<string> = new Set([
  "cap-add", // decides the ceiling
  "cap-drop", // decides the ceiling
  "cgroupns", // namespace set-up
  "init", // an extra process in the container
  "ipc", // namespace set-up
  "no-healthcheck", // removes processes the profile would bind
  "pid", // namespace set-up
  "platform", // architecture
  "privileged", // decides the ceiling
  "read-only", // mount set-up
  "runtime", // decides the floor
  "userns", // namespace set-up
  "uts", // namespace set-up
]);

/**
 * The command as the recording keeps it: the CLI, option names, values only from `keptValues`; no
 * image, no arguments.
 */
export function redactedCommand(run: RunCommand): readonly string[] {
  const options = run.options.flatMap((option) =>
    option.settings.map(({ name, value }) => {
      const dashed = name.length === 1 ? `-${name}` : `--${name}`;
      if (value === undefined) return dashed;
      if (name === "security-opt") return `${dashed}=${securityOption(value)}`;
      return keptValues.has(name) ? `${dashed}=${value}` : `${dashed}=…`;
    }),
  );
  return [run.cli.tool, "run", ...options.sort(), "IMAGE", ...(run.command.length > 0 ? ["…"] : [])];
}

function securityOption(value: string): string {
  return value.startsWith("no-new-privileges") ? value : `${/^[a-z-]*/.exec(value)?.[0] ?? ""}=…`;
}
