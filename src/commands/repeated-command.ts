import { basename } from "node:path";
import { shellWord } from "../core/text/index.ts";
import type { ClientCommand } from "../run/gateway/index.ts";

/** Stands for a user's word that may be a secret. */
const placeholder = "…";

/** Options of `docker run` without a value (docker run --help, podman-run(1)). */
const plainOptions = new RegExp(
  "^--(?:detach|disable-content-trust|help|init|interactive|no-healthcheck|oom-kill-disable|privileged|publish-all|" +
    "quiet|read-only|replace|rm|sig-proxy|tty|use-api-socket)$",
);

/**
 * Options whose values are shown, because they name the container or resources of the machine. Other values belong to
 * the user. Examples are environment, labels, hosts, options of drivers, and the program's own options.
 */
const shownOptions = new RegExp(
  "^(?:-[pvumcw]|--(?:cap-add|cap-drop|cgroupns|cpus|cpu-shares|device|entrypoint|env-file|expose|gpus|group-add|" +
    "health-interval|health-retries|health-start-period|health-timeout|ipc|memory|memory-swap|name|net|network|" +
    "network-alias|pid|pids-limit|platform|publish|pull|restart|runtime|security-opt|shm-size|stop-signal|" +
    "stop-timeout|storage-opt|sysctl|tmpfs|ulimit|user|userns|uts|volume|volumes-from|workdir))$",
);

/** The user's own command as a line for a shell. A placeholder stands for each word that may be a secret. */
export function repeatedCommand({ words, tool }: ClientCommand): string {
  if (tool === undefined) return line(words.map((word, index) => (index === 0 ? word : plainWord(word, words, index))));
  const before = words.slice(0, tool.at).map((word) => word.replace(/^([A-Za-z_]\w*)=.*$/s, `$1=${placeholder}`));
  const own = words.slice(tool.at + 1);
  const after = isCompose(tool.name, tool.verb) ? composeWords(own) : runWords(own, tool.verb);
  return line([...before, words[tool.at] ?? "", ...tool.connection, ...after]);
}

export function isCompose(name: string, verb: string): boolean {
  return name === "docker-compose" || name === "podman-compose" || verb === "compose";
}

function line(words: readonly string[]): string {
  return words.map((word) => (word.includes(placeholder) ? word : shellWord(word))).join(" ");
}

/** The words up to the image are options. The words after it are the program's. */
function runWords(words: readonly string[], verb: string): readonly string[] {
  const start = words.indexOf(verb) + 1;
  const shown = [...words.slice(0, start)];
  let at = start;
  for (; (words[at] ?? "").startsWith("-"); at += 1) {
    const word = words[at] ?? "";
    const { name, value, takesNext } = optionOf(word);
    const isShown = shownOptions.test(name);
    if (takesNext) shown.push(word, isShown ? (words[at + 1] ?? "") : hidden(words[at + 1] ?? "", name));
    else if (value === undefined || isShown) shown.push(word);
    else shown.push(word.slice(0, word.length - value.length) + hidden(value, name));
    if (takesNext) at += 1;
  }
  return [...shown, words[at] ?? "", ...programWords(words.slice(at + 1))];
}

/** The program's own words. One placeholder stands for several hidden words in a row. */
function programWords(words: readonly string[]): readonly string[] {
  const shown = words.map((word, index) => plainWord(word, words, index));
  return shown.filter((word, index) => word !== placeholder || shown[index - 1] !== placeholder);
}

/** Hides an option's value, but shows a variable's name. `-e NAME` has no value to hide. */
function hidden(value: string, option: string): string {
  const name = /^(?:-e|--env)$/.test(option) ? /^([A-Za-z_]\w*)(?:=|$)/.exec(value) : null;
  if (name === null) return placeholder;
  return name[0] === value && !value.endsWith("=") ? value : `${name[1] ?? ""}=${placeholder}`;
}

interface RunOption {
  readonly name: string;
  /** The value in the same word. */
  readonly value: string | undefined;
  /** True if the next word is its value. */
  readonly takesNext: boolean;
}

function optionOf(word: string): RunOption {
  if (word.startsWith("--")) {
    const equals = word.indexOf("=");
    if (equals > 0) return { name: word.slice(0, equals), value: word.slice(equals + 1), takesNext: false };
    return { name: word, value: undefined, takesNext: !plainOptions.test(word) };
  }
  // d, i, t, P and q take no value. The first other letter takes the rest of the word, or the next word.
  const [, letter = "", rest = ""] = /^-[ditPq]*(?:([^ditPq])(.*))?$/s.exec(word) ?? [];
  if (letter === "") return { name: word, value: undefined, takesNext: false };
  return { name: `-${letter}`, value: rest === "" ? undefined : rest, takesNext: rest === "" };
}

/**
 * All words of `up` and similar verbs are shown, because they are files, services and numbers. The words after `run`
 * are hidden, because they are like those of `docker run`.
 */
function composeWords(words: readonly string[]): readonly string[] {
  const at = words.indexOf("run");
  return at < 0 ? words : [...words.slice(0, at + 1), placeholder];
}

/** A word of a program. It is shown if it is plain text, an option without a value, or a file's name. */
function plainWord(word: string, words: readonly string[], index: number): string {
  const isOption = /^(?:-[A-Za-z]|--[a-z][a-z-]*)$/.test(word);
  const isWord = /^[a-z][a-z:_-]{0,19}$/.test(word) && !(words[index - 1] ?? "").startsWith("-");
  const isInterpreter = /^(?:python|php|perl|ruby|node|lua)\d[\d.]*$/.test(word);
  const isFile = /^[\w./-]+\.(?:sh|bash|py|js|mjs|cjs|ts|ya?ml|json|mk|toml|xml|gradle)$/.test(basename(word));
  const isPath = /^(?:\.{0,2}\/)[a-z][a-z\d_.-]*(?:\/[a-z\d_.-]+)*$/.test(word);
  return isOption || isWord || isInterpreter || isFile || isPath ? word : placeholder;
}
