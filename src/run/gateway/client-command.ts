import { basename } from "node:path";

/** The part of a user's command that decides to which engine its clients talk. */
export interface ClientCommand {
  readonly words: readonly string[];
  /** The program that runs in the end, behind `timeout`, `env`, `sudo` and their like. */
  readonly program: string;
  /** The container tool that the command names, and at which word. `undefined` if it runs another program. */
  readonly tool: Tool | undefined;
}

export interface Tool {
  readonly name: "docker" | "podman" | "docker-compose" | "podman-compose" | "nerdctl";
  readonly at: number;
  /** True if the tool runs as another user. Then it may see neither our environment nor the user's. */
  readonly elevated: boolean;
  /** Options before the verb that choose the engine. They are removed, because the gateway replaces the engine. */
  readonly connection: readonly string[];
  /** The first word that is no option. `container run` counts as `run`. */
  readonly verb: string;
}

const names: readonly Tool["name"][] = ["docker", "podman", "docker-compose", "podman-compose", "nerdctl"];

/**
 * Programs that run the words after their options. `valued` are the options that take the next word as a value (GNU
 * coreutils' manual, sudo(8), ionice(1), chrt(1)). Other programs may run anything. For those, `--containers` says that
 * they start containers.
 */
const fronts: ReadonlyMap<string, { readonly valued: RegExp; readonly operands: number }> = new Map([
  ["env", { valued: /^(?:-[iv0]*[uCS]|--unset|--chdir|--split-string)$/, operands: 0 }],
  ["timeout", { valued: /^(?:-[ks]|--kill-after|--signal)$/, operands: 1 }],
  ["nice", { valued: /^(?:-n|--adjustment)$/, operands: 0 }],
  ["ionice", { valued: /^(?:-[cnpPu]|--class|--classdata)$/, operands: 0 }],
  ["stdbuf", { valued: /^(?:-[ioe]|--input|--output|--error)$/, operands: 0 }],
  ["nohup", { valued: /^$/, operands: 0 }],
  ["setsid", { valued: /^$/, operands: 0 }],
  ["time", { valued: /^(?:-[fo]|--format|--output)$/, operands: 0 }],
  [
    "sudo",
    {
      valued: /^(?:-[AbEHknPSs]*[ughprtCDRT]|--(?:user|group|host|prompt|close-from|chdir|chroot|command-timeout))$/,
      operands: 0,
    },
  ],
  ["doas", { valued: /^-[Cu]$/, operands: 0 }],
]);

const assignment = /^[A-Za-z_]\w*=/;

/** Docker's options before the verb that choose an engine (docker --help). The first kind takes a value. */
const valuedConnection = /^(?:-H|--host|-c|--context|--tlscacert|--tlscert|--tlskey)$/;
const plainConnection =
  /^(?:-H.+|-c.+|--(?:host|context|tlscacert|tlscert|tlskey|tls|tlsverify)=.*|--tls|--tlsverify)$/s;

/** Docker's other options with a value. */
const keptValued = /^(?:--config|-l|--log-level)$/;

/**
 * Podman's options with a value that say where its containers are (podman(1)). A client of its service has none of
 * them.
 */
const podmanOption = new RegExp(
  "^--(?:root|runroot|storage-driver|storage-opt|tmpdir|runtime|runtime-flag|cgroup-manager|conmon|" +
    "network-config-dir|volumepath|events-backend|hooks-dir|registries-conf|imagestore)$",
);

/** The tool that a command runs, also after `timeout`, `env`, `sudo`, `nice` and the like. */
export function clientCommand(words: readonly string[]): ClientCommand {
  let elevated = false;
  let program = "";
  for (let at = 0; at < words.length;) {
    program = basename(words[at] ?? "");
    const name = names.find((known) => known === program);
    if (name !== undefined) return withConnection(words, name, at, elevated);
    if (assignment.test(words[at] ?? "") && at === 0) return { words, program, tool: undefined };
    const front = fronts.get(program);
    if (front === undefined) break;
    elevated ||= program === "sudo" || program === "doas";
    at = behind(words, at + 1, front);
  }
  return { words, program, tool: undefined };
}

/** The word at which the next program begins. */
function behind(
  words: readonly string[],
  from: number,
  { valued, operands }: { readonly valued: RegExp; readonly operands: number },
): number {
  let at = from;
  while ((words[at] ?? "").startsWith("-") && words[at] !== "--") at += valued.test(words[at] ?? "") ? 2 : 1;
  if (words[at] === "--") at += 1;
  while (assignment.test(words[at] ?? "")) at += 1;
  return at + operands;
}

function withConnection(words: readonly string[], name: Tool["name"], at: number, elevated: boolean): ClientCommand {
  const connection: string[] = [];
  const kept = words.slice(0, at + 1);
  let next = at + 1;
  const hasOptions = name === "docker" || name === "podman";
  for (; hasOptions && (words[next] ?? "").startsWith("-"); next += 1) {
    const word = words[next] ?? "";
    const isPodmans = name === "podman" && podmanOption.test(word);
    const isValued = isPodmans || valuedConnection.test(word) || keptValued.test(word);
    const taken = isValued && words[next + 1] !== undefined ? words.slice(next, next + 2) : [word];
    (isPodmans || valuedConnection.test(word) || plainConnection.test(word) ? connection : kept).push(...taken);
    next += taken.length - 1;
  }
  const [first = "", second = ""] = words.slice(next);
  const verb = first === "container" ? second : first;
  return { words: [...kept, ...words.slice(next)], program: name, tool: { name, at, elevated, connection, verb } };
}
