import type { Command, Option } from "commander";
import { escapeShell } from "../core/text/index.ts";
import type { Shell } from "./shells.ts";

/**
 * A script with which the shell completes commands, options and their choices, and file names elsewhere. After `--` it
 * completes another program's words. The script is made from the commands themselves.
 */
export function completionScript(program: Command, shell: Shell): string {
  const name = program.name();
  const commands = visibleCommands(program);
  switch (shell) {
    case "bash":
      return bash(name, commands);
    case "zsh":
      return zsh(name, commands);
    case "fish":
      return fish(name, commands);
    default:
      return shell satisfies never;
  }
}

/** The commands that help lists. */
export function visibleCommands(program: Command): readonly Command[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== "help");
}

const flagsOf = (option: Option): readonly string[] => [option.short, option.long].filter((flag) => flag !== undefined);
const takesValue = (option: Option): boolean => option.required || option.optional;

/** bash(1), Programmable Completion. */
function bash(name: string, commands: readonly Command[]): string {
  const names = commands.map((command) => command.name());
  const cases = commands.map((command) => {
    const choices = command.options
      .filter((option) => option.argChoices !== undefined)
      .map(
        (option) =>
          `        ${flagsOf(option).join("|")}) COMPREPLY=($(compgen -W ` +
          `${escapeShell((option.argChoices ?? []).join(" "))} -- "$word")); return ;;`,
      );
    const files = command.options
      .filter((option) => takesValue(option) && option.argChoices === undefined)
      .flatMap(flagsOf);
    return [
      `    ${command.name()})`,
      `      case "$previous" in`,
      ...choices,
      ...(files.length === 0 ? [] : [`        ${files.join("|")}) COMPREPLY=($(compgen -f -- "$word")); return ;;`]),
      "      esac",
      `      options=${escapeShell(command.options.flatMap(flagsOf).join(" "))} ;;`,
    ].join("\n");
  });
  return `# bash completion for ${name}: source <(${name} completion bash)
_${identifier(name)}() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} options="" at
  COMPREPLY=()
  # After -- another program's words follow.
  for ((at = 1; at < COMP_CWORD; at++)); do
    if [ "\${COMP_WORDS[at]}" = -- ]; then
      if declare -F _command_offset >/dev/null; then
        _command_offset $((at + 1))
      else
        COMPREPLY=($(compgen -c -f -- "$word"))
      fi
      return
    fi
  done
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W ${escapeShell(["help", "--help", "--version", ...names].join(" "))} -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    help) COMPREPLY=($(compgen -W ${escapeShell(names.join(" "))} -- "$word")); return ;;
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$options --help" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _${identifier(name)} ${name}
`;
}

/** zshcompsys(1), `_arguments` and `_describe`. */
function zsh(name: string, commands: readonly Command[]): string {
  const described = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");
  const specs = (option: Option): readonly string[] => {
    const value =
      option.argChoices !== undefined
        ? `:value:(${option.argChoices.join(" ")})`
        : takesValue(option)
          ? ":value:_files"
          : "";
    return flagsOf(option).map((flag) => escapeShell(`*${flag}[${described(option.description)}]${value}`));
  };
  const cases = commands.map(
    (command) =>
      `    ${command.name()}) _arguments -S ` +
      `${[...command.options.flatMap(specs), "'--help[display help]'", "'*:file:_files'"].join(" ")} ;;`,
  );
  const titles = commands.map((command) =>
    escapeShell(`${command.name()}:${command.description().replaceAll(":", "\\:")}`),
  );
  return `#compdef ${name}
# zsh completion for ${name}: ${name} completion zsh > "\${fpath[1]}/_${name}"
_${identifier(name)}() {
  local -i at=\${words[(i)--]}
  # After -- another program's words follow.
  if (( at < CURRENT )); then shift $at words; (( CURRENT -= at )); _normal; return; fi
  if (( CURRENT == 2 )); then
    local -a commands=(${titles.join(" ")})
    _describe command commands
    return
  fi
  local command=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
    *) _files ;;
  esac
}
if [ "\${funcstack[1]}" = _${name} ]; then _${identifier(name)} "$@"; else compdef _${identifier(name)} ${name}; fi
`;
}

/** fish's complete(1). */
function fish(name: string, commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name()} -d ${escapeShell(command.description())}`,
    ...command.options.map((option) => {
      const flags = [
        option.short === undefined ? "" : `-s ${option.short.slice(1)}`,
        option.long === undefined ? "" : `-l ${option.long.slice(2)}`,
      ]
        .filter((part) => part !== "")
        .join(" ");
      const value =
        option.argChoices !== undefined
          ? ` -x -a ${escapeShell(option.argChoices.join(" "))}`
          : takesValue(option)
            ? " -r"
            : "";
      return (
        `complete -c ${name} -n '__fish_seen_subcommand_from ${command.name()}; and not contains -- -- ` +
        `(commandline -opc)' ${flags}${value} -d ${escapeShell(option.description)}`
      );
    }),
  ]);
  const others = "(__fish_complete_subcommand --fcs-skip=(math (contains -i -- -- (commandline -opc)) + 0))";
  return `# fish completion for ${name}: ${name} completion fish > ~/.config/fish/completions/${name}.fish
${lines.join("\n")}
# After -- another program's words follow.
complete -c ${name} -n 'contains -- -- (commandline -opc)' -x -a '${others}'
`;
}

function identifier(name: string): string {
  return name.replaceAll("-", "_");
}
