import { escapeLine } from "../text/index.ts";

/**
 * The only error class. A failure is a code plus data. One total table gives the words, so every message says what
 * happened, where, and what to do.
 */
export type Problem =
  | { readonly code: "usage"; readonly what: string; readonly todo: string }
  | { readonly code: "file-unreadable"; readonly path: string; readonly detail: string; readonly todo: string }
  | { readonly code: "file-unwritable"; readonly path: string; readonly detail: string; readonly todo: string }
  | { readonly code: "no-container-cli"; readonly tool: string; readonly detail: string }
  | { readonly code: "no-engine"; readonly tool: string; readonly detail: string }
  | { readonly code: "engine-permission"; readonly tool: string; readonly detail: string }
  | { readonly code: "container-cli-failed"; readonly tool: string; readonly doing: string; readonly detail: string }
  | { readonly code: "no-image"; readonly image: string }
  | { readonly code: "no-tracer"; readonly detail: string }
  | { readonly code: "tracer-not-attached"; readonly detail: string }
  | { readonly code: "architecture"; readonly detail: string }
  /** `isShown`: the user has already seen `detail`. */
  | { readonly code: "workload-not-started"; readonly detail: string; readonly isShown?: true }
  | {
      readonly code: "while-failed";
      readonly exitCode: number | undefined;
      readonly containerExitCode: number | undefined;
    }
  | { readonly code: "trace-broken"; readonly detail: string }
  | { readonly code: "exercise-cut" }
  | { readonly code: "recording-cut"; readonly what: string; readonly todo: string; readonly aside: string }
  | { readonly code: "recording-exists"; readonly path: string; readonly aside: string }
  | { readonly code: "not-a-trace"; readonly path: string; readonly detail: string | undefined }
  | { readonly code: "foreign-log"; readonly path: string; readonly detail: string; readonly todo: string }
  | { readonly code: "recording-invalid"; readonly source: string; readonly detail: string }
  | { readonly code: "recording-newer"; readonly source: string; readonly version: number; readonly known: number }
  | { readonly code: "policy-invalid"; readonly source: string; readonly detail: string }
  | {
      readonly code: "profile-json";
      readonly source: string;
      readonly line: number;
      readonly column: number;
      readonly detail: string;
    }
  | { readonly code: "no-profile"; readonly source: string }
  | {
      readonly code: "profile-yaml";
      readonly source: string;
      readonly line: number;
      readonly column: number;
      readonly detail: string;
    }
  | {
      readonly code: "profile-invalid";
      readonly source: string;
      readonly pointer: string;
      readonly line: number;
      readonly column: number;
      readonly detail: string;
      readonly todo: string;
    }
  | { readonly code: "rules-too-complex"; readonly detail: string }
  | { readonly code: "no-audit-lines"; readonly entries: number }
  | { readonly code: "no-command"; readonly image: string };

type Text = { readonly what: string; readonly todo: string };

const noProgram = "It is neither a program for this machine nor a script whose first line begins with #!. ";

const texts: { readonly [Code in Problem["code"]]: (problem: Extract<Problem, { code: Code }>) => Text } = {
  usage: ({ what, todo }) => ({ what, todo }),
  "file-unreadable": ({ path, detail, todo }) => ({ what: `cannot read ${path}: ${detail}`, todo }),
  "file-unwritable": ({ path, detail, todo }) => ({
    what: `cannot write ${path}: ${detail}`,
    todo: `The file is unchanged. ${todo}`,
  }),
  "no-container-cli": ({ tool, detail }) => ({
    what: `cannot run ${tool}: ${detail}`,
    todo:
      `Install ${tool}: recording containers and verify need it. Without it, record a program of this host: ` +
      `seccomp-gen record -- ` +
      "CMD",
  }),
  "no-engine": ({ tool, detail }) => ({
    what: `no ${tool} engine answers\n${detail}`,
    todo:
      "Start the engine (e.g. systemctl start docker), or point to one with DOCKER_HOST or --context. " +
      "Without an engine, record a program of this host: seccomp-gen record -- CMD",
  }),
  "engine-permission": ({ tool, detail }) => ({
    what: `this user may not talk to the ${tool} engine\n${detail}`,
    todo:
      `Put sudo in front of ${tool} (seccomp-gen record -- sudo ${tool} run …), or join the group that ` +
      "owns its socket.",
  }),
  "no-image": ({ image }) => ({
    what: `no image ${image}; what your command said about it is above`,
    todo: "Check the name, build or pull the image first, or log in to its registry.",
  }),
  "no-tracer": ({ detail }) => ({
    what: `no strace was found: ${detail}`,
    todo:
      "Install strace (apt-get install strace), or let the engine reach a registry once so that the " +
      "tracer image can be built.",
  }),
  "tracer-not-attached": ({ detail }) => ({
    what: `the container that traces could not be started, so the workload was not started\n${detail}`,
    todo:
      "It needs the host's processes (--pid host) and CAP_SYS_PTRACE. If your engine forbids that, record on a " +
      "machine whose engine allows it. Nothing was written.",
  }),
  "not-a-trace": ({ path, detail }) => ({
    what: `${path} has no readable system call${detail === undefined ? "" : `: ${detail}`}`,
    todo: "Give a recording.json or a log of strace -f -o FILE.",
  }),
  "foreign-log": ({ path, detail, todo }) => ({ what: `${path}: ${detail}`, todo }),
  "policy-invalid": ({ source, detail }) => ({
    what: `${source} holds no policy options: ${detail}`,
    todo: "It may have args, exact, reach, floor, allow, deny, against and mode: the names of options of generate.",
  }),
  architecture: ({ detail }) => ({
    what: `cannot trace here: ${detail}`,
    todo: "Record on a machine of the image's own architecture.",
  }),
  "workload-not-started": ({ detail, isShown = false }) => ({
    what: `the workload did not start, so there is nothing to record${detail === "" || isShown ? "" : `\n${detail}`}`,
    todo:
      (/exec format error/i.test(detail) ? noProgram : "") +
      (/is already in use by container/.test(detail)
        ? "Remove the container of that name: docker rm NAME, or seccomp-gen clean if a killed recording left it. "
        : "") +
      "Check that the same command runs without seccomp-gen. Nothing was written.",
  }),
  "while-failed": ({ exitCode, containerExitCode }) => ({
    what:
      (containerExitCode === undefined
        ? "the container ended"
        : `the container ended by itself with exit code ${containerExitCode}`) +
      (exitCode === undefined
        ? " before the --while command did"
        : `; the --while command failed with exit code ${exitCode}`),
    todo:
      (containerExitCode ?? 0) === 0
        ? "Traced programs start slowly. Let the command wait for the service (curl --retry 20 --retry-delay 1 " +
          "--retry-all-errors …; Docker's port proxy answers before the service does), then record again."
        : "Look at the container's output above for why it ended, then record again.",
  }),
  "exercise-cut": () => ({
    what: "the recording was interrupted before the --while command had ended",
    todo: "Record again and let it end; without --while, Ctrl-C ends a recording in order.",
  }),
  "trace-broken": ({ detail }) => ({
    what: `the trace broke off: ${detail}`,
    todo: "Record again once the cause is gone.",
  }),
  "recording-cut": ({ what, todo, aside }) => ({
    what,
    todo:
      `${todo}\n  The calls seen until then are in ${aside}; record --append adds them, seccomp-gen ` +
      `generate ${aside} makes a profile of it. No other file was changed.`,
  }),
  "recording-exists": ({ path, aside }) => ({
    what: `${path} holds calls that this recording did not see`,
    todo:
      `The old recording was kept; the new one is in ${aside}. Run again with --append to keep both, ` +
      `or --force to replace; or merge the two files: seccomp-gen merge ${path} ${aside} -o ${path}`,
  }),
  "recording-invalid": ({ source, detail }) => ({
    what: `${source} is not a recording: ${detail}`,
    todo:
      "Give a recording.json as `seccomp-gen record` writes it, or a log of strace -f -o FILE. A " +
      "profile is compared with `seccomp-gen diff`.",
  }),
  "recording-newer": ({ source, version, known }) => ({
    what: `${source} has format version ${version}; this seccomp-gen reads up to version ${known}`,
    todo: "Update seccomp-gen.",
  }),
  "profile-json": ({ source, line, column, detail }) => ({
    what: `${source}:${line}:${column}: not JSON: ${detail}`,
    todo: "A profile is a JSON document. Correct it there, then run the command again.",
  }),
  "no-profile": ({ source }) => ({
    what: `${source} holds no profile`,
    todo: "A profile is a JSON document with a defaultAction, a SeccompProfile, or such JSON in a ConfigMap.",
  }),
  "profile-yaml": ({ source, line, column, detail }) => ({
    what: `${source}:${line}:${column}: its YAML cannot be read: ${detail}`,
    todo: "Correct it there; templates have to be rendered first. Then run the command again.",
  }),
  "profile-invalid": ({ source, pointer, line, column, detail, todo }) => ({
    what: `${source}:${line}:${column}: ${pointer}: ${detail}`,
    todo,
  }),
  "rules-too-complex": ({ detail }) => ({
    what: `these rules cannot be compared: ${detail}`,
    todo:
      "Overlapping masks on several arguments take too long to compare. Name the values that are meant " +
      "(SCMP_CMP_EQ, or one mask of all 32 bits).",
  }),
  "no-audit-lines": ({ entries }) => ({
    what:
      entries === 0
        ? "these logs have no line of the kernel's seccomp"
        : `none of the ${entries} lines of the kernel's seccomp is of a logged call of the chosen ` + "programs",
    todo:
      "The kernel logs only with audit (CONFIG_AUDIT) and if sysctl kernel.seccomp.actions_logged names " +
      "log. Give dmesg, journalctl -k or /var/log/audit/audit.log of the machine where the " +
      "container ran under a profile of --mode complain. If there is no such line, perhaps nothing would " +
      "have been denied.",
  }),
  "no-command": ({ image }) => ({
    what: `${image} has neither entrypoint nor command`,
    todo: "Say what to run after the image name.",
  }),
  "container-cli-failed": ({ tool, doing, detail }) => ({
    what: `${tool} failed while ${doing}\n${detail}`,
    todo: `The lines above are ${tool}'s own words; nothing was written.`,
  }),
};

/** The words of other tools have lines of their own. The contents and names of files stand within one of our lines. */
const severalLines: ReadonlySet<Problem["code"]> = new Set([
  "no-container-cli",
  "no-engine",
  "engine-permission",
  "container-cli-failed",
  "no-image",
  "no-tracer",
  "tracer-not-attached",
  "architecture",
  "workload-not-started",
  "trace-broken",
  "recording-cut",
]);

/** Longer data is cut. */
const maxData = 600;

function onOneLine(problem: Problem): Problem {
  if (severalLines.has(problem.code)) return problem;
  const entries = Object.entries(problem).map(([name, value]: [string, unknown]): [string, unknown] => {
    // Our own advice may have several lines.
    if (typeof value !== "string" || name === "todo") return [name, value];
    const line = escapeLine(value);
    return [name, line.length > maxData ? `${line.slice(0, maxData)}…` : line];
  });
  return Object.fromEntries(entries) as unknown as Problem;
}

/** A failure that a user can understand and act on. `problem` is for programs; `message` and `todo` are for people. */
export class SeccompGenError extends Error {
  override readonly name = "SeccompGenError";
  readonly problem: Problem;
  readonly todo: string;

  /** The exit code for the process: the workload's own exit code if the workload failed, otherwise 2. */
  readonly exitCode: number;

  constructor(problem: Problem, options?: ErrorOptions & { readonly exitCode?: number | undefined }) {
    // The table is total, but TypeScript cannot relate the code to its own row.
    const { what, todo } = (texts[problem.code] as (problem: Problem) => Text)(onOneLine(problem));
    super(what, options);
    this.problem = problem;
    this.todo = todo;
    this.exitCode = options?.exitCode || 2;
  }
}
