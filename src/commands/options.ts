import { InvalidArgumentError, Option, type Command } from "commander";
import { reviewFormats } from "../words/index.ts";

/** Adds the policy options of every command that makes a profile. */
export function withPolicyOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--args <tier>", "how closely to pin arguments to the values seen")
        .choices(["none", "standard", "strict"])
        .default("standard"),
    )
    .option("--exact", "allow what was seen and what the runtime needs, and nothing else", false)
    .option("--no-reach", "do not allow calls only because the programs' own code can make them")
    .addOption(
      new Option(
        "--floor <runtime>",
        "the runtime whose start-up calls are allowed; old-runc: any, also runc before 1.0.2",
      )
        .choices(["any", "runc", "crun", "old-runc"])
        .default("any"),
    )
    .option(
      "--allow <names>",
      "allow these syscalls too, also beyond Docker's default (comma-separated, repeatable)",
      names,
      [],
    )
    .option("--deny <names>", "leave these syscalls out although they were seen", names, [])
    .option("--against <version|file>", "the ceiling (default: Docker's default of the recorded engine)")
    .addOption(
      new Option(
        "--mode <mode>",
        "complain: log the calls that would be denied, within Docker's default, " + "instead of denying them",
      )
        .choices(["enforce", "complain"])
        .default("enforce"),
    );
}

function names(value: string, previous: readonly string[]): readonly string[] {
  const given = value.split(",").map((name) => name.trim());
  if (given.some((name) => !/^[a-z_][a-z0-9_]*$/.test(name))) throw new InvalidArgumentError("Not a syscall name.");
  return [...previous, ...given];
}

/** Collects a repeatable option. */
export function repeated(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

/** A command for a shell. An empty one would do nothing and end the container at once. */
export function shellCommand(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("Not a command: it is empty.");
  return value;
}

/** Collects commands for a shell. */
export function shellCommands(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, shellCommand(value)];
}

/** Collects process ids. */
export function processId(value: string, previous: readonly number[]): readonly number[] {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError("Not a process id.");
  return [...previous, Number(value)];
}

/** `sarif=review.sarif`. */
export function alsoFormat(
  value: string,
  previous: readonly { readonly format: string; readonly file: string }[],
): readonly { readonly format: string; readonly file: string }[] {
  const [, name, file = ""] = /^([a-z]+)=(.+)$/s.exec(value) ?? [];
  const format = reviewFormats.find((known) => known === name);
  if (format === undefined)
    throw new InvalidArgumentError(`Not FORMAT=FILE; formats are ` + `${reviewFormats.join(", ")}.`);
  return [...previous, { format, file }];
}

export function seconds(value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new InvalidArgumentError("Not a positive number of seconds.");
  return number;
}

export function count(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError("Not a count.");
  return Number(value);
}

/** A count, which may be 0. */
export function runs(value: string): number {
  return value === "0" ? 0 : count(value);
}

export function exitCodeOption(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 255)
    throw new InvalidArgumentError("Not an exit code (0 to 255).");
  return number;
}
