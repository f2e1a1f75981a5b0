import { type Document, isDocument, member, textsOf, withMember, wordsOf } from "./document.ts";

/** The mount point of the gate's volume in a container. The volume holds the holder and the socket only. */
export const gateFolder = "/.seccomp-gen";
export const holderPath = `${gateFolder}/hold`;

/** Compose replaces a container if this label differs from the value that it computes (compose pkg/api/labels.go). */
const configHash = "com.docker.compose.config-hash";
const hashMark = "-held-";

/** The kind of process that waits at the gate. `shell`: a health check that is written for a shell. */
export type Part = "main" | "exec" | "probe" | "shell";

/** The token that a process sends to the keeper. It names the container and the kind of process. */
export function tokenOf(container: string, part: Part): string {
  return `${container}-${part}`;
}

export function parseToken(token: string): { readonly container: string; readonly part: Part } | undefined {
  const [, container = "", part] = /^([0-9a-f]+)-(main|exec|probe|shell)$/.exec(token) ?? [];
  return part === undefined ? undefined : { container, part: part as Part };
}

/** The members of the image's `Config` that a container takes over. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

export function imageConfig(config: unknown): ImageConfig {
  return {
    entrypoint: wordsOf(member(config, "Entrypoint")) ?? [],
    command: wordsOf(member(config, "Cmd")) ?? [],
    healthcheck: wordsOf(member(member(config, "Healthcheck"), "Test")) ?? [],
  };
}

/** How a container is held. */
export interface Holding {
  /** Names the container at the gate. */
  readonly token: string;
  readonly gateVolume: string;
}

/**
 * The body of `containers/create` with the gate mounted. The holder stands in front of the program and of the health
 * check. A container without a program stays as it is: the engine refuses it.
 */
export function heldSpec(body: Document, image: ImageConfig, holding: Holding): Document {
  const { entrypoint, command } = startedWords(body, image);
  if (entrypoint.length + command.length === 0) return body;
  const words = (part: Part, program: readonly string[]): readonly string[] => [
    holderPath,
    tokenOf(holding.token, part),
    ...program,
  ];
  // The holder joins the entrypoint only if the container has one, because `commit` cannot remove an entrypoint again.
  const program: Document =
    entrypoint.length > 0
      ? withMember(withMember(body, "Entrypoint", words("main", entrypoint)), "Cmd", command)
      : withMember(body, "Cmd", words("main", command));
  return withLabels(withHost(withProbe(program, image, words), holding), (labels) =>
    labels[configHash] === undefined
      ? labels
      : { ...labels, [configHash]: `${labels[configHash]}${hashMark}${holding.token}` },
  );
}

/**
 * The words that the engine would start (moby daemon/commit.go, `merge`). An entrypoint drops the image's command.
 * `[""]` removes the image's entrypoint. An empty list does so too, but keeps the image's command.
 */
export function startedWords(
  body: Document,
  image: ImageConfig,
): { readonly entrypoint: readonly string[]; readonly command: readonly string[] } {
  const given = wordsOf(member(body, "Entrypoint"));
  const command = wordsOf(member(body, "Cmd")) ?? [];
  if (given !== undefined && given.length > 0)
    return { entrypoint: given.length === 1 && given[0] === "" ? [] : given, command };
  return { entrypoint: given ?? image.entrypoint, command: command.length > 0 ? command : image.command };
}

function withProbe(
  body: Document,
  image: ImageConfig,
  words: (part: Part, program: readonly string[]) => readonly string[],
): Document {
  const check = member(body, "Healthcheck");
  const held = heldTest(chosenTest(body, image), words);
  return held === undefined
    ? body
    : withMember(body, "Healthcheck", withMember(isDocument(check) ? check : {}, "Test", held));
}

/** An empty test means the image's test (moby api/types/container, HealthConfig). */
function chosenTest(body: Document, image: ImageConfig): readonly string[] {
  const own = wordsOf(member(member(body, "Healthcheck"), "Test")) ?? [];
  return own.length > 0 ? own : image.healthcheck;
}

/** The words of a container's health check. Empty if it has none. */
export function healthTest(body: Document, image: Document): readonly string[] {
  const [form, ...words] = chosenTest(body, imageConfig(member(image, "Config")));
  if (form === "CMD") return words;
  return form === "CMD-SHELL" ? ["/bin/sh", "-c", ...words] : [];
}

function heldTest(
  [form, ...rest]: readonly string[],
  words: (part: Part, program: readonly string[]) => readonly string[],
): readonly string[] | undefined {
  if (form === "CMD" && rest.length > 0) return ["CMD", ...words("probe", rest)];
  // The engine uses this shell whatever the image's SHELL is (measured with Docker 20.10.24).
  return form === "CMD-SHELL" ? ["CMD", ...words("shell", ["/bin/sh", "-c", ...rest])] : undefined;
}

function withHost(body: Document, { gateVolume }: Holding): Document {
  const host = member(body, "HostConfig");
  const before = isDocument(host) ? host : {};
  return withMember(
    body,
    "HostConfig",
    withMember(before, "Binds", [...(wordsOf(member(before, "Binds")) ?? []), gateBind(gateVolume)]),
  );
}

/**
 * The body with this profile (its text) in place of the profile that the client chose. If `profile` is `undefined`, the
 * engine's default applies.
 */
export function withSeccomp(body: Document, profile: string | undefined): Document {
  const host = member(body, "HostConfig");
  const options = wordsOf(member(host, "SecurityOpt")) ?? [];
  const kept = options.filter((option) => !isSeccomp(option));
  if (profile === undefined && kept.length === options.length) return body;
  return withMember(
    body,
    "HostConfig",
    withMember(
      isDocument(host) ? host : {},
      "SecurityOpt",
      profile === undefined ? kept : [...kept, `seccomp=${profile}`],
    ),
  );
}

/** Nothing of the image is copied into the volume, and nothing of the container is written to it. */
function gateBind(volume: string): string {
  return `${volume}:${gateFolder}:ro,nocopy`;
}

/** Does an entry of `SecurityOpt` choose a seccomp profile (`seccomp=…`, or formerly `seccomp:…`)? */
export function isSeccomp(option: string): boolean {
  return /^seccomp[=:]/.test(option);
}

/** The body of `exec` with the holder in front of the command. */
export function heldExec(body: Document, token: string): Document {
  const command = wordsOf(member(body, "Cmd")) ?? [];
  return command.length === 0 ? body : withMember(body, "Cmd", [holderPath, tokenOf(token, "exec"), ...command]);
}

/** The words without the holder. */
export function released(words: readonly string[]): readonly string[] {
  return words[0] === holderPath && words.length > 2 ? words.slice(2) : words;
}

/** A health check's test without the holder. */
export function releasedTest(test: readonly string[]): readonly string[] {
  if (test[1] !== holderPath) return test;
  const words = released(test.slice(1));
  return parseToken(test[2] ?? "")?.part === "shell" ? ["CMD-SHELL", ...words.slice(2)] : ["CMD", ...words];
}

/** The container's token, read from its configuration. `undefined` if the container is not held. */
export function tokenIn(config: unknown): string | undefined {
  const words = [wordsOf(member(config, "Entrypoint")) ?? [], wordsOf(member(config, "Cmd")) ?? []].find(
    ([first]) => first === holderPath,
  );
  return words === undefined ? undefined : parseToken(words[1] ?? "")?.container;
}

export function withLabels(
  document: Document,
  change: (labels: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Document {
  const labels = member(document, "Labels");
  return isDocument(labels) ? withMember(document, "Labels", change(textsOf(labels))) : document;
}

/** The labels as the client gave them, without our mark. */
export function releasedLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const hash = labels[configHash];
  const at = hash?.indexOf(hashMark) ?? -1;
  return hash === undefined || at < 0 ? labels : { ...labels, [configHash]: hash.slice(0, at) };
}

/** Labels that make Compose replace this container. Otherwise Compose would start one that is not held. */
export function outdatedLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const hash = labels[configHash];
  return hash === undefined || hash.includes(hashMark)
    ? releasedLabels(labels)
    : { ...labels, [configHash]: `${hash}-untraced` };
}
