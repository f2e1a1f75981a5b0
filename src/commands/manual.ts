import type { Command } from "commander";
import { visibleCommands } from "./completion.ts";

/**
 * The manual page as man(7) source, made from the commands themselves. `examples` has the lines with which each
 * command's help ends.
 */
export function manualPage(
  program: Command,
  version: string,
  examples: ReadonlyMap<Command, readonly string[]>,
): string {
  const name = program.name();
  const commands = visibleCommands(program).flatMap((command) => [
    `.SS ${roff(name)} ${roff(command.name())} ${roff(command.usage())}`,
    roff(sentence(command.description())),
    ...command.options.flatMap((option) => [
      ".TP",
      `.B ${roff(option.flags)}`,
      roff(
        sentence(`${option.description}${option.argChoices === undefined ? "" : ` (${option.argChoices.join(", ")})`}`),
      ),
    ]),
    ...(examples.get(command) ?? []).flatMap((line) => [".PP", ".RS", ".nf", roff(line), ".fi", ".RE"]),
  ]);
  return [
    `.TH ${roff(name).toUpperCase()} 1 "" "${roff(`${name} ${version}`)}" "User Commands"`,
    ".SH NAME",
    `${roff(name)} \\- the smallest seccomp profile a container runs under, with a reason for every line`,
    ".SH SYNOPSIS",
    `.B ${roff(name)}`,
    ".I command",
    roff("[options] …"),
    ".SH DESCRIPTION",
    roff(program.description()),
    ".SH COMMANDS",
    ...commands,
    ".SH EXIT STATUS",
    "0: fine. 1: a finding: profiles differ, calls are denied, lint found something. 2: trouble; " +
      "stderr says what happened, where, and what to do.",
    ".B record",
    "ends with the workload's own exit status if the workload ended by itself.",
    ".SH FILES",
    ".TP",
    ".I traces/NAME/recording.json",
    "What the workload was seen to do. Commit it.",
    ".TP",
    ".I traces/NAME/policy.json",
    "The options of its profile that differ from the default.",
    ".TP",
    ".I profiles/NAME.json",
    "The profile, for docker run \\-\\-security\\-opt seccomp=FILE.",
    ".SH ENVIRONMENT",
    ".TP",
    ".B NO_COLOR, FORCE_COLOR",
    "No colors, or colors even if the output is no terminal.",
    ".TP",
    ".B DOCKER_HOST, DOCKER_CONTEXT",
    "The engine to use. The container command reads them itself.",
    ".SH SEE ALSO",
    ".BR docker-run (1),",
    ".BR strace (1),",
    ".BR seccomp (2)",
    "",
  ].join("\n");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/**
 * Text without a meaning of its own in man(7) and groff_char(7): no escapes, hyphens that can be copied, and no request
 * at the start of a line.
 */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&")
    .replace(
      /[^\0-\u007f]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}
