import { sessionLabel } from "../container/index.ts";
import { type Document, isDocument, member, textOf, withMember, wordsOf } from "./document.ts";
import {
  gateFolder,
  holderPath,
  isSeccomp,
  outdatedLabels,
  released,
  releasedLabels,
  releasedTest,
  withLabels,
} from "./hold.ts";

/** What the creator of a container asked for, as far as the held container does not show it. */
export interface Given {
  /** `Binds` was an empty list, not absent. */
  readonly hadBinds: boolean;
  readonly securityOptions: readonly string[] | undefined;
}

/** The answer to `containers/ID/json` without our changes. */
export function releasedInspect(answer: Document, given: Given | undefined): Document {
  const path = textOf(member(answer, "Path"));
  const words = path === holderPath ? released([path, ...(wordsOf(member(answer, "Args")) ?? [])]) : undefined;
  let restored =
    words === undefined ? answer : withMember(withMember(answer, "Path", words[0]), "Args", words.slice(1));
  restored = within(restored, "Config", (config) => withLabels(releasedConfig(config), releasedLabels));
  restored = within(restored, "HostConfig", (host) => releasedHost(host, given));
  return withMounts(restored);
}

/** Entrypoint, command and health check without the holder. */
function releasedConfig(config: Document): Document {
  let restored = config;
  for (const name of ["Entrypoint", "Cmd"]) {
    const words = wordsOf(member(config, name));
    if (words?.[0] === holderPath) restored = withMember(restored, name, released(words));
  }
  return within(restored, "Healthcheck", (check) => {
    const test = wordsOf(member(check, "Test"));
    return test === undefined ? check : withMember(check, "Test", releasedTest(test));
  });
}

function releasedHost(host: Document, given: Given | undefined): Document {
  const binds = wordsOf(member(host, "Binds"));
  const kept = binds?.filter((bind) => !bind.includes(`:${gateFolder}:`));
  let restored =
    binds === undefined || kept === undefined || kept.length === binds.length
      ? host
      : withMember(host, "Binds", kept.length > 0 || given?.hadBinds === true ? kept : null);
  const chosen = given?.securityOptions?.filter(isSeccomp) ?? [];
  const options = (wordsOf(member(host, "SecurityOpt")) ?? []).filter((option) => !isSeccomp(option));
  if (chosen.length > 0) restored = withMember(restored, "SecurityOpt", [...options, ...chosen]);
  return restored;
}

function withMounts(document: Document): Document {
  const mounts = member(document, "Mounts");
  return Array.isArray(mounts)
    ? withMember(
        document,
        "Mounts",
        mounts.filter((mount) => textOf(member(mount, "Destination")) !== gateFolder),
      )
    : document;
}

/** One container of `containers/json`. `undefined` for our own. */
export function releasedListed(listed: Document): Document | undefined {
  if (isOurs(member(listed, "Labels"))) return undefined;
  const command = textOf(member(listed, "Command"));
  const restored = command.startsWith(`${holderPath} `)
    ? withMember(listed, "Command", command.split(" ").slice(2).join(" "))
    : listed;
  // A running container gets labels with which Compose keeps it, because it may be in use.
  return withMounts(
    withLabels(restored, textOf(member(listed, "State")) === "running" ? releasedLabels : outdatedLabels),
  );
}

/** The answer to `volumes` without our own volumes. */
export function releasedVolumes(answer: Document): Document {
  const volumes = member(answer, "Volumes");
  return Array.isArray(volumes)
    ? withMember(
        answer,
        "Volumes",
        volumes.filter((volume) => !isOurs(member(volume, "Labels"))),
      )
    : answer;
}

/** The answer to `exec/ID/json`: its process is the user's. */
export function releasedExec(answer: Document): Document {
  return within(answer, "ProcessConfig", (config) => {
    const entrypoint = textOf(member(config, "entrypoint"));
    if (entrypoint !== holderPath) return config;
    const [first, ...rest] = released([entrypoint, ...(wordsOf(member(config, "arguments")) ?? [])]);
    return withMember(withMember(config, "entrypoint", first), "arguments", rest);
  });
}

/** One event. `undefined` for events of our own containers and volumes, and of the gate. */
export function releasedEvent(event: Document, isOurVolume: (name: string) => boolean): Document | undefined {
  const actor = member(event, "Actor");
  const attributes = member(actor, "Attributes");
  if (isOurs(attributes)) return undefined;
  if (textOf(member(event, "Type")) === "volume" && isOurVolume(textOf(member(actor, "ID")))) return undefined;
  let restored = event;
  // `exec_create: /bin/sh -c …`. The engine joins the words with spaces.
  for (const name of ["Action", "status"]) {
    const action = textOf(member(event, name));
    const match = /^(exec_\w+: )\/\.seccomp-gen\/hold \S+ (.*)$/s.exec(action);
    if (match !== null) restored = withMember(restored, name, `${match[1]}${match[2]}`);
  }
  return within(restored, "Actor", (each) =>
    within(each, "Attributes", (labels) => releasedLabels(labels as Readonly<Record<string, string>>)),
  );
}

/** `containers/ID/changes` without the mount point, which the workload did not change. */
export function releasedChanges(changes: readonly unknown[]): readonly unknown[] {
  return changes.filter(
    (change) => !new RegExp(`^${gateFolder.replace(".", "\\.")}(?:/|$)`).test(textOf(member(change, "Path"))),
  );
}

/** Instructions with which `commit` gives an image the configuration that the client gave its container. */
export function commitChanges(config: unknown): readonly string[] {
  const entrypoint = wordsOf(member(config, "Entrypoint")) ?? [];
  const command = wordsOf(member(config, "Cmd")) ?? [];
  const test = wordsOf(member(member(config, "Healthcheck"), "Test")) ?? [];
  const isProbeHeld = test[1] === holderPath;
  if (entrypoint[0] !== holderPath && command[0] !== holderPath && !isProbeHeld) return [];
  // ENTRYPOINT removes the command, so the command comes after it.
  return [
    ...(entrypoint[0] === holderPath ? [`ENTRYPOINT ${JSON.stringify(released(entrypoint))}`] : []),
    `CMD ${JSON.stringify(released(command))}`,
    ...(isProbeHeld ? [healthInstruction(member(config, "Healthcheck"), releasedTest(test))] : []),
  ];
}

/** Durations are nanoseconds in documents, and have a unit in instructions. */
function healthInstruction(check: unknown, [form, ...words]: readonly string[]): string {
  const options = (
    [
      ["interval", "Interval", "ns"],
      ["timeout", "Timeout", "ns"],
      ["start-period", "StartPeriod", "ns"],
      ["retries", "Retries", ""],
    ] as const
  ).flatMap(([option, name, unit]) =>
    Number(member(check, name) ?? 0) > 0 ? [`--${option}=${String(member(check, name))}${unit}`] : [],
  );
  return ["HEALTHCHECK", ...options, "CMD", form === "CMD-SHELL" ? words.join(" ") : JSON.stringify(words)].join(" ");
}

function isOurs(labels: unknown): boolean {
  return isDocument(labels) && labels[sessionLabel] !== undefined;
}

function within(document: Document, name: string, change: (inner: Document) => Document): Document {
  const inner = member(document, name);
  if (!isDocument(inner)) return document;
  const changed = change(inner);
  return changed === inner ? document : withMember(document, name, changed);
}
