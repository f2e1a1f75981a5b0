#!/usr/bin/env node
import { Argument, Command, Help, Option } from "commander";
import {
  alsoFormat,
  count,
  exitCodeOption,
  exportFormats,
  processId,
  productVersion,
  repeated,
  runs,
  seconds,
  shellCommand,
  shellCommands,
  shells,
  withPolicyOptions,
  type Shell,
} from "./commands/index.ts";
import { colorChoices, inColor, processTerminal } from "./project/index.ts";
import { SeccompGenError } from "./core/errors/index.ts";
import { failureKinds, reviewFormats } from "./words/index.ts";

/** argv → command. The only place that sets the exit code: 0 fine, 1 a finding, 2 trouble. */
const terminal = processTerminal();

const program = new Command("seccomp-gen")
  .description(
    "Record what a container does and get the smallest Docker seccomp profile it runs under, with a " +
      "reason for every line.",
  )
  .version(productVersion())
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
  .enablePositionalOptions()
  .configureHelp({ minWidthToWrap: 24, optionDescription: describeOption })
  .addHelpText(
    "after",
    "\nFirst steps:\n  seccomp-gen record --while 'curl -s localhost:8080' -- docker run -p 8080:80 " +
      "nginx\n  docker run --security-opt seccomp=profiles/nginx.json -p 8080:80 nginx",
  );

/** A switch that is not given is off, and a list that is not given is empty. Help need not say so. */
function describeOption(this: Help, option: Option): string {
  const { defaultValue, description, argChoices } = option;
  const isEmpty = defaultValue === false || (Array.isArray(defaultValue) && defaultValue.length === 0);
  return isEmpty && argChoices === undefined ? description : Help.prototype.optionDescription.call(this, option);
}

/** What each command's help ends with. */
const examples = new Map<Command, readonly string[]>();

function example(command: Command, ...lines: readonly string[]): Command {
  examples.set(command, lines);
  return command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}

function withExercise(command: Command): Command {
  return command
    .option(
      "--while <cmd>",
      "shell command that exercises the running container; when it ends, the container is stopped " +
        "($SECCOMP_GEN_CONTAINER is the container's id)",
      shellCommand,
    )
    .option(
      "--exec <cmd>",
      "also run this command in the container, as docker exec will on another day (repeatable)",
      shellCommands,
      [],
    )
    .option("--stop-after <seconds>", "stop the container after this many seconds", seconds);
}

function withHostOptions(command: Command): Command {
  return command
    .option("--cap-add <capability>", "for a container with this capability (repeatable)", repeated, [])
    .option("--cap-drop <capability>", "for a container without this capability (repeatable)", repeated, [])
    .option("--arch <arch>", "for this architecture (default: this machine's)")
    .option("--kernel <version>", "for this kernel (default: a recent one)")
    .addOption(
      new Option("--runtime <runtime>", "as this runtime reads a profile; old-runc: runc before 1.0.2")
        .choices(["runc", "crun", "old-runc"])
        .default("runc"),
    );
}

/** Adds the option that shows a long result whole. */
function withAll(command: Command): Command {
  return command.option(
    "--all",
    "show all of a long result also on a terminal, which otherwise gets its summary",
    false,
  );
}

function withLayout(command: Command): Command {
  return withAll(command).addOption(
    new Option("--color <when>", "whether to use colors; overrides NO_COLOR and FORCE_COLOR")
      .choices([...colorChoices])
      .default("auto"),
  );
}

/**
 * What declares each command. A start declares only the command that it runs, because declaring all
 * takes longer than some commands.
 */
const declarations: { readonly [command: string]: () => void } = {
  record() {
    const recordCommand = withPolicyOptions(
      withExercise(
        program
          .command("record")
          .description("run a workload under strace and write traces/NAME/recording.json and profiles/NAME.json"),
      ),
    )
      .argument("<command...>", "docker run …, podman run …, docker compose up|run …, or any program of this host")
      .option("--name <name>", "name of the recording and profile (default: the image's)")
      .option("--containers", "record each container that the command starts, each service under its name", false)
      .option("--only <name>", "record only the containers of this service or image (repeatable)", repeated, [])
      .option("--except <name>", "do not record the containers of this service or image (repeatable)", repeated, [])
      .option("--keep", "do not stop containers that still run when the command has ended; they go on untraced", false)
      .option("--until-stable <seconds>", "stop after this many seconds without a new syscall", seconds)
      .option("--append", "add to the recording; of a program of this host, do not trace known calls again", false)
      .addOption(
        new Option(
          "--lean",
          "append, and do not trace calls that every profile allows: for programs of this host that are too slow " +
            "under strace",
        )
          .default(false)
          .conflicts("full"),
      )
      .option("--full", "for programs of this host: with --append, trace known calls too", false)
      .option("--rounds <n>", "repeat the command until a round shows nothing new, at most this many times", count, 1)
      // What --append or --lean leaves untraced is in the recording that --force would replace.
      .addOption(new Option("--force", "replace the existing recording").default(false).conflicts(["append", "lean"]))
      .option("--verify", "run the workload again under the new profile", false)
      .passThroughOptions()
      .action(async (words: string[], options) => {
        terminal.heedSignals();
        const { record } = await import("./commands/record.ts");
        process.exitCode = await record(words, { ...options, append: options.append || options.lean }, terminal);
      });
    example(
      recordCommand,
      "seccomp-gen record -- docker run --rm alpine ls /",
      "seccomp-gen record --while './smoke-test.sh' --verify -- docker run -p 127.0.0.1:8080:80 nginx",
      "seccomp-gen record --while './smoke-test.sh' -- docker compose up web worker",
      "seccomp-gen record --containers -- npm test",
    );
  },
  generate() {
    const generateCommand = withPolicyOptions(
      program.command("generate").description("make a profile from recordings or raw strace logs"),
    )
      .argument(
        "[traces...]",
        "recordings or strace logs: files, folders, globs, compressed files, or - " + "for standard input",
      )
      .option("-o, --output <file>", "write here instead of standard output")
      .addOption(
        new Option(
          "--all",
          "regenerate every profiles/NAME.json, in any folder, from traces/NAME/recording.json and its " +
            "stored options",
        )
          .default(false)
          .conflicts([
            "output",
            "name",
            "arch",
            "args",
            "exact",
            "reach",
            "root",
            "floor",
            "allow",
            "deny",
            "against",
            "mode",
          ]),
      )
      .option("--check", "write nothing; exit code 1 if a profile does not match its recording", false)
      .option("--staged", "with --all --check: judge what git will commit, not the working tree", false)
      .option("--name <name>", "name of a recording made from raw logs")
      .option("--arch <arch>", "architecture of raw logs (default: this machine's)")
      .option("--root <folder>", "the traced programs' file system, from which their code is read")
      .action(async (patterns: string[], options) => {
        const { generate } = await import("./commands/generate.ts");
        end(await generate(patterns, options, terminal));
      });
    example(
      generateCommand,
      "seccomp-gen generate traces/nginx/recording.json -o profiles/nginx.json",
      "strace -f -o log ./app; seccomp-gen generate log",
      "seccomp-gen generate --all --check",
    );
  },
  merge() {
    const mergeCommand = program
      .command("merge")
      .description("merge recordings and raw strace logs into one recording")
      .argument("<traces...>")
      .option("-o, --output <file>", "write here instead of standard output")
      .option("--name <name>", "name of a recording made from raw logs")
      .option("--arch <arch>", "architecture of raw logs (default: this machine's)")
      .action(async (patterns: string[], options) => {
        const { merge } = await import("./commands/generate.ts");
        end(await merge(patterns, options, terminal));
      });
    example(
      mergeCommand,
      "seccomp-gen merge traces/a/recording.json traces/b/recording.json -o traces/app/recording.json",
    );
  },
  aggregate() {
    const aggregateCommand = program
      .command("aggregate")
      .description("make a recording from what the kernel logged under a profile of --mode complain")
      .argument(
        "<logs...>",
        "output of dmesg or journalctl (text or -o json), or audit.log: files, compressed files, or - for " +
          "standard input",
      )
      .option("-o, --output <file>", "write the recording here instead of standard output")
      .option("--append <name|file>", "add the calls to this recording")
      .option("--name <name>", "name of a new recording")
      .option("--comm <name>", "only lines of threads of this name (repeatable)", repeated, [])
      .option("--exe <path>", "only lines of this program, by its path in the container (repeatable)", repeated, [])
      .option("--pid <pid>", "only lines of this process (repeatable)", processId, [])
      .action(async (logs: string[], options) => {
        const { aggregate } = await import("./commands/aggregate.ts");
        end(await aggregate(logs, options, terminal));
      });
    example(
      aggregateCommand,
      "seccomp-gen generate traces/app/recording.json -o profiles/app.json --mode complain",
      "dmesg | seccomp-gen aggregate - --append app",
      "journalctl -k -o json | seccomp-gen aggregate - --exe /usr/sbin/nginx -o canary.json",
    );
  },
  verify() {
    const verifyCommand = withExercise(
      program.command("verify").description("run a workload under a profile and say whether it works"),
    )
      .argument("<profile>", "a file: profiles/NAME.json, or any profile for Docker or podman")
      .argument("[command...]", "docker run …, podman run … or docker compose up …")
      .option("--containers", "run each container of the command under profiles/NAME.json; name no profile", false)
      .option("--times <n>", "run the workload this many times", count, 1)
      .option(
        "--expect-exit <code>",
        "the exit code that a workload which ends by itself must have (default: 0, or the one without the profile)",
        exitCodeOption,
      )
      .option("--compare-output", "also require the same standard output as without the profile", false)
      .option(
        "--max-runs <n>",
        "if the workload fails, run it at most this many times to find the cause " + "(0: do not look)",
        runs,
        60,
      )
      .option(
        "--suggest-hardening",
        "run the workload to find the capabilities it needs, and whether it tolerates no-new-privileges and " +
          "a read-only root; print the command with all that it tolerates",
        false,
      )
      .option("--accept", "add the missing calls to the recording and regenerate the profile", false)
      .action(async (profile: string, words: string[], options) => {
        terminal.heedSignals();
        if (options.containers === true) {
          const { verifyContainers } = await import("./commands/verify-containers.ts");
          process.exitCode = await verifyContainers([profile, ...words], options, terminal);
          return;
        }
        const { verify } = await import("./commands/verify.ts");
        process.exitCode = await verify(profile, words, options, terminal);
      });
    example(
      verifyCommand,
      "seccomp-gen verify profiles/nginx.json --while 'curl -sf localhost:8080' -- docker run -p " +
        "127.0.0.1:8080:80 nginx",
      "seccomp-gen verify --containers -- npm test",
    );
  },
  diff() {
    const diffCommand = withLayout(
      withHostOptions(
        program.command("diff").description("compare two profiles by what they allow; exit code 1 if they differ"),
      ),
    )
      .argument(
        "<profiles...>",
        "[BEFORE] AFTER: files, or a Docker version as BEFORE (default: Docker's newest default)",
      )
      .addOption(new Option("--format <format>").choices(["text", "markdown", "json", "html"]).default("text"))
      .option("--against <version|file>", "the profile that a single profile is compared with")
      .action(async (files: string[], options) => {
        const { diff } = await import("./commands/diff.ts");
        end(await diff(files, options, inColor(terminal, options.color)));
      });
    example(
      diffCommand,
      "seccomp-gen diff profiles/nginx.json",
      "seccomp-gen diff --against 28.5.2 profiles/nginx.json",
      "seccomp-gen diff old.json new.json --format markdown",
    );
  },
  review() {
    const reviewCommand = withLayout(
      withHostOptions(
        program
          .command("review")
          .description(
            "say for a pull request what became possible in the profiles and recordings that it changes; " +
              "exit code 1 for what --fail-on names",
          ),
      ),
    )
      .argument("[base]", "a git revision (default: the commit where this branch left the main one)")
      .addOption(
        new Option("--format <format>", "(default: text on a terminal, markdown elsewhere)").choices([
          ...reviewFormats,
        ]),
      )
      .option("--also <format=file>", "also write this format to this file (repeatable)", alsoFormat, [])
      .addOption(
        new Option("--fail-on <kinds...>", "what makes the exit code 1")
          .choices([...failureKinds])
          .default(["dangerous", "unbacked", "beyond-docker"]),
      )
      .option("--against <version|file>", "the ceiling (default: Docker's newest default)")
      .action(async (base: string | undefined, options) => {
        const { review } = await import("./commands/review.ts");
        end(await review(base, options, inColor(terminal, options.color)));
      });
    example(
      reviewCommand,
      "seccomp-gen review",
      "seccomp-gen review origin/main --format text",
      "seccomp-gen review HEAD~1 --fail-on any",
      "seccomp-gen review --also sarif=review.sarif --also html=review.html",
    );
  },
  export() {
    const exportCommand = withHostOptions(
      program
        .command("export")
        .description(
          "write a profile for another consumer: podman, Kubernetes, Compose, systemd, firejail, bubblewrap",
        ),
    )
      .argument("<profile>", "a file: profiles/NAME.json, or any profile for Docker or podman")
      .addOption(
        new Option("--format <format>", "oci: podman, CRI-O, containerd, runc; bpf: bwrap --seccomp")
          .choices([...exportFormats])
          .makeOptionMandatory(),
      )
      .option("-o, --output <file>", "write here instead of standard output")
      .option("--widen", "if the format cannot express arguments, allow the call with any arguments", false)
      .action(async (profile: string, options) => {
        const { exportProfile } = await import("./commands/export.ts");
        end(await exportProfile(profile, options, terminal));
      });
    example(
      exportCommand,
      "seccomp-gen export profiles/nginx.json --format oci -o nginx.oci.json",
      "seccomp-gen export profiles/app.json --format systemd --widen -o app.service.d/seccomp.conf",
      "seccomp-gen export profiles/app.json --format bpf -o app.bpf; bwrap --seccomp 9 --ro-bind / / " +
        "app 9<app.bpf",
    );
  },
  lint() {
    const lintCommand = withAll(
      withHostOptions(
        program
          .command("lint")
          .description("say what is wrong or risky in profiles; exit code 1 if there is any finding"),
      ),
    )
      .argument("<profiles...>", "files, patterns (quoted), or - for standard input")
      .addOption(new Option("--format <format>").choices(["text", "json", "sarif"]).default("text"))
      .option("--fix", "correct findings that have one safe correction, and show what changes", false)
      .option("--against <version|file>", "the ceiling (default: Docker's newest default)")
      .action(async (files: string[], options) => {
        const { lint } = await import("./commands/lint.ts");
        end(await lint(files, options, terminal));
      });
    example(
      lintCommand,
      "seccomp-gen lint profiles/*.json",
      "seccomp-gen lint --fix old.json",
      "seccomp-gen lint --format sarif profiles/*.json > lint.sarif",
    );
  },
  "git-setup"() {
    const gitSetupCommand = program
      .command("git-setup")
      .description("let git show what profiles mean, and merge recordings and profiles of two branches")
      .option("--undo", "remove what git-setup wrote", false)
      .option("--hook", "also add hooks that refuse commits whose profiles do not match their recordings", false)
      .action(async (options) => {
        const [{ gitSetup }, { ownProgram }] = await Promise.all([
          import("./commands/git-setup.ts"),
          import("./commands/own-program.ts"),
        ]);
        process.exitCode = await gitSetup({ ...options, program: await ownProgram() }, terminal);
      });
    example(gitSetupCommand, "seccomp-gen git-setup --hook", "seccomp-gen git-setup --undo");
  },
  "git-textconv"() {
    program
      .command("git-textconv", { hidden: true })
      .argument("<file>")
      .action(async (file: string) => {
        const { gitTextconv } = await import("./commands/git-drivers.ts");
        process.exitCode = await gitTextconv(file, terminal);
      });
  },
  "git-merge"() {
    program
      .command("git-merge", { hidden: true })
      .argument("<kind>")
      .argument("<ancestor>")
      .argument("<ours>")
      .argument("<theirs>")
      .argument("<path>")
      .action(async (kind: string, ancestor: string, ours: string, theirs: string, path: string) => {
        const { gitMerge } = await import("./commands/git-drivers.ts");
        process.exitCode = await gitMerge(
          kind === "recording" || kind === "policy" ? kind : "profile",
          { ancestor, ours, theirs, path },
          terminal,
        );
      });
  },
  check() {
    const checkCommand = withAll(
      program
        .command("check")
        .description(
          "say which calls of recordings or strace logs a profile would deny, without running anything; exit " +
            "code 1 if there are any",
        ),
    )
      .argument("<profile>", "a file: profiles/NAME.json, or any profile for Docker or podman")
      .argument(
        "<traces...>",
        "recordings or strace logs: files, folders, globs, compressed files, or - " + "for standard input",
      )
      .addOption(new Option("--format <format>").choices(["text", "json"]).default("text"))
      .option("--arch <arch>", "architecture of raw logs (default: this machine's)")
      .action(async (profile: string, patterns: string[], options) => {
        const { check } = await import("./commands/check.ts");
        end(await check(profile, patterns, options, terminal));
      });
    example(
      checkCommand,
      "seccomp-gen check profiles/nginx.json traces/nginx/recording.json",
      "strace -f -o log ./app; seccomp-gen check profiles/app.json log",
    );
  },
  explain() {
    const explainCommand = withLayout(
      withHostOptions(
        program
          .command("explain")
          .description(
            "say what each call does, why the profile allows it, what it exposes, and which known " +
              "vulnerabilities are out of reach",
          ),
      ),
    )
      .argument("<profile>", "a file: profiles/NAME.json, or any profile for Docker or podman")
      .argument("[syscall]", "say everything about this one call")
      .addOption(new Option("--format <format>").choices(["text", "json", "html"]).default("text"))
      .option(
        "--recording <file>",
        "the recording that says who made the calls (default: traces/NAME/recording.json beside profiles/NAME.json)",
      )
      .option("--against <version|file>", "the profile to compare with (default: Docker's newest default)")
      .action(async (profile: string, syscall: string | undefined, options) => {
        const { explain } = await import("./commands/explain.ts");
        end(await explain(profile, syscall, options, inColor(terminal, options.color)));
      });
    example(
      explainCommand,
      "seccomp-gen explain profiles/nginx.json",
      "seccomp-gen explain profiles/nginx.json ptrace",
      "seccomp-gen explain profiles/nginx.json --format html > nginx.html",
    );
  },
  clean() {
    const cleanCommand = program
      .command("clean")
      .description(
        "remove what a killed recording left behind, and keep what it had traced as " + "recording.partial.json",
      )
      .argument("[command...]", "the container command (default: docker)")
      .option("--discard", "also discard what it had traced", false)
      .passThroughOptions()
      .action(async (words: string[], options: { discard: boolean }) => {
        const { clean } = await import("./commands/clean.ts");
        process.exitCode = await clean(words, options, terminal);
      });
    example(cleanCommand, "seccomp-gen clean", "seccomp-gen clean -- sudo podman");
  },
};

const asked = process.argv[2] ?? "";
if (Object.hasOwn(declarations, asked)) declarations[asked]?.();
else declareAll();

/**
 * Declares all commands: for help, for completion and the manual page, and to suggest a misspelt
 * one.
 */
function declareAll(): void {
  for (const declare of Object.values(declarations)) declare();
  const completionCommand = program
    .command("completion")
    .description("print a script that completes commands and options in a shell")
    .addArgument(new Argument("<shell>").choices(shells))
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./commands/completion.ts");
      terminal.out(completionScript(program, shell));
    });
  example(
    completionCommand,
    "source <(seccomp-gen completion bash)",
    "seccomp-gen completion fish > ~/.config/fish/completions/seccomp-gen.fish",
  );

  program
    .command("manual", { hidden: true })
    .description("print the manual page as man(7) source")
    .action(async () => {
      const { manualPage } = await import("./commands/manual.ts");
      terminal.out(manualPage(program, productVersion(), examples));
    });
}

for (const command of program.commands)
  command.option("-q, --quiet", "print only results and why the command failed", false);
program.hook("preAction", (_, command) => {
  if (command.opts<{ quiet?: boolean }>().quiet === true) terminal.beQuiet();
});

program.parseAsync().catch((error: unknown) => {
  process.exitCode = report(error);
});

/**
 * The way out of commands that leave nothing running. It does not wait for V8 to compile and
 * collect.
 */
function end(exitCode: number): void {
  process.exitCode = exitCode;
  if (terminal.written) process.exit();
}

/** The one way out for failures. */
function report(error: unknown): number {
  if (error instanceof SeccompGenError) {
    terminal.fail(`error: ${error.message}\n  ${error.todo}`);
    return error.exitCode;
  }
  if (error instanceof AggregateError) return Math.max(...error.errors.map(report));
  if (error instanceof RangeError && error.name === "TooManyWays")
    return report(new SeccompGenError({ code: "rules-too-complex", detail: error.message }, { cause: error }));
  if (error instanceof Error && "syscall" in error && error.syscall === "uv_cwd") {
    const what = "the current folder no longer exists";
    return report(new SeccompGenError({ code: "usage", what, todo: "Go to a folder that exists." }, { cause: error }));
  }
  // commander has written its own message; help and version are no failure.
  if (error instanceof Error && "exitCode" in error && "code" in error && String(error.code).startsWith("commander."))
    return error.exitCode === 0 ? 0 : 2;
  terminal.fail(
    `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n  ` +
      "This is a bug in seccomp-gen; please report it with the command that led here.",
  );
  return 2;
}
