import { firstDifference, type Engine } from "../container/index.ts";
import { boundingSet } from "../../core/profile/index.ts";
import {
  isDocument,
  isSeccomp,
  member,
  textOf,
  withMember,
  withSeccomp,
  wordsOf,
  type ClientCommand,
  type Document,
  type InspectedImage,
} from "../gateway/index.ts";
import { parseStrace } from "../../strace-parser/index.ts";
import { allCapabilities, defaultCapabilities } from "../../core/tables/index.ts";
import { withoutNeedless } from "./minimize.ts";
import { runUnder, type Proof, type Verdict, type Workload } from "./run.ts";
import { WrittenFolders } from "./written-paths.ts";

/**
 * The protections that a workload tolerates beside its profile. Each was tried in a run, together with those before it.
 */
export interface Hardening {
  readonly findings: readonly HardeningFinding[];
  /** The whole command, with the profile as the user gave it. */
  readonly command: readonly string[];
  readonly settings: Settings;
  readonly runs: number;
  /** True if the last run had all of them together and passed. False if it failed: then no finding is reliable. */
  readonly confirmed: boolean;
}

/** One protection, and whether the workload tolerates it. */
export type HardeningFinding =
  | { readonly kind: "privileged"; readonly tolerated: boolean }
  /** Options like apparmor=unconfined that the command has. */
  | { readonly kind: "unconfined"; readonly options: readonly string[]; readonly tolerated: boolean }
  | {
      readonly kind: "capabilities";
      readonly kept: readonly string[];
      readonly dropped: readonly string[];
      readonly minimal: boolean;
    }
  | { readonly kind: "no-new-privileges"; readonly tolerated: boolean | "already" }
  | {
      readonly kind: "read-only";
      readonly tolerated: boolean | "already";
      readonly tmpfs: readonly string[];
      readonly volumes: readonly string[];
      readonly folders: readonly string[];
    };

/** The parts of a run command that protect the host. */
export interface Settings {
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly readOnly: boolean;
  readonly tmpfs: readonly string[];
  /** Anonymous volumes: the engine fills them from the image, with the owners there. */
  readonly volumes: readonly string[];
  readonly privileged: boolean;
  /** True if the command keeps its own options that switch protections off. */
  readonly unconfined: boolean;
}

/** A workload that passes under its profile. */
export interface Hardenable {
  readonly workload: Workload;
  /** The body of `containers/create` that its command sends. */
  readonly spec: Document;
  readonly image: InspectedImage;
  readonly engine: Engine;
  /** The profile's text, and its path as the user gave it. */
  readonly profile: { readonly text: string; readonly given: string };
  readonly proof: Proof;
  readonly maxRuns: number;
}

/**
 * Tries protections one after the other, and keeps those under which the workload still does the same. `undefined` if
 * it was interrupted. It never gives up a protection that the command has.
 */
export async function harden(subject: Hardenable): Promise<Hardening | undefined> {
  const search = new HardeningSearch(subject);
  const found = await search.search();
  return subject.proof.exercise.interrupted.aborted ? undefined : found;
}

class HardeningSearch {
  readonly #subject: Hardenable;
  readonly #findings: HardeningFinding[] = [];
  #settings: Settings;
  #baseline: Verdict | undefined;
  #runs = 0;
  /** A run that takes longer than this is assumed to hang. */
  #patienceMs = 600_000;

  constructor(subject: Hardenable) {
    this.#subject = subject;
    this.#settings = settingsOf(subject.spec, subject.engine);
  }

  async search(): Promise<Hardening> {
    const begun = performance.now();
    this.#baseline = await this.#run(this.#settings);
    this.#patienceMs = 15_000 + 5 * (performance.now() - begun);
    // Output that differs from run to run proves nothing.
    if (this.#baseline.kind === "passed" && !this.#isSame(await this.#run(this.#settings))) this.#baseline = undefined;
    await this.#leaveOut("privileged");
    await this.#leaveOut("unconfined");
    // A privileged container has all capabilities, whatever is dropped, and may write anywhere.
    if (!this.#settings.privileged) {
      await this.#dropCapabilities();
      await this.#forbidNewPrivileges();
      await this.#makeReadOnly();
    }
    const confirmed = await this.#passes(this.#settings, "all of it together");
    const { workload, spec, profile } = this.#subject;
    const command = hardenedWords(workload.command, spec, this.#settings, profile.given);
    return { findings: this.#findings, command, settings: this.#settings, runs: this.#runs, confirmed };
  }

  async #leaveOut(kind: "privileged" | "unconfined"): Promise<void> {
    if (!this.#settings[kind]) return;
    const without = { ...this.#settings, [kind]: false };
    const options = unconfinedOptions(this.#subject.spec);
    const tolerated = await this.#passes(
      without,
      kind === "privileged" ? "without --privileged" : `without ${options.join(", ")}`,
    );
    if (tolerated) this.#settings = without;
    this.#findings.push(kind === "privileged" ? { kind, tolerated } : { kind, options, tolerated });
  }

  async #dropCapabilities(): Promise<void> {
    const granted = this.#settings.capabilities;
    const withOnly = (kept: readonly string[]): Promise<boolean> =>
      this.#passes(
        { ...this.#settings, capabilities: kept },
        kept.length === 0 ? "no capability" : `only ${kept.map(shortName).join(", ")}`,
      );
    if (granted.length === 0) return;
    const { items, minimal } = await withoutNeedless(
      granted,
      withOnly,
      Math.max(0, this.#subject.maxRuns - this.#runs),
    );
    this.#settings = { ...this.#settings, capabilities: items };
    this.#findings.push({
      kind: "capabilities",
      kept: items,
      dropped: granted.filter((name) => !items.includes(name)),
      minimal,
    });
  }

  async #forbidNewPrivileges(): Promise<void> {
    const forbidden = { ...this.#settings, noNewPrivileges: true };
    const tolerated = this.#settings.noNewPrivileges ? "already" : await this.#passes(forbidden, "no-new-privileges");
    if (tolerated === true) this.#settings = forbidden;
    this.#findings.push({ kind: "no-new-privileges", tolerated });
  }

  async #makeReadOnly(): Promise<void> {
    if (this.#subject.proof.exercise.interrupted.aborted) return;
    if (this.#settings.readOnly)
      return void this.#findings.push({ kind: "read-only", tolerated: "already", tmpfs: [], volumes: [], folders: [] });
    const folders = await this.#writtenFolders();
    const readOnly = (tmpfs: readonly string[], volumes: readonly string[]): Settings => ({
      ...this.#settings,
      readOnly: true,
      tmpfs,
      volumes,
    });
    const passes = (settings: Settings): Promise<boolean> =>
      this.#passes(
        settings,
        [
          "a read-only root",
          ...settings.tmpfs.map((path) => `tmpfs ${path}`),
          ...settings.volumes.map((path) => `a volume at ${path}`),
        ].join(", "),
      );
    let found: Settings | undefined;
    if (!folders.includes("/")) {
      // Memory (tmpfs) is taken if that is enough, because it disappears with the container. Otherwise a volume is
      // tried. It is needed if the image has files in the folder, or gives the folder to a user.
      if (await passes(readOnly(folders, []))) found = readOnly(folders, []);
      else if (folders.length > 0 && (await passes(readOnly([], folders)))) {
        const withVolumes = async (volumes: readonly string[]): Promise<boolean> =>
          volumes.length > 0 &&
          passes(
            readOnly(
              folders.filter((folder) => !volumes.includes(folder)),
              volumes,
            ),
          );
        const { items } = await withoutNeedless(folders, withVolumes, Math.max(0, this.#subject.maxRuns - this.#runs));
        found = readOnly(
          folders.filter((folder) => !items.includes(folder)),
          items,
        );
      }
    }
    this.#findings.push({
      kind: "read-only",
      tolerated: found !== undefined,
      tmpfs: found?.tmpfs ?? [],
      volumes: found?.volumes ?? [],
      folders,
    });
    if (found !== undefined) this.#settings = found;
  }

  /** The folders to which the workload writes, as strace sees them. */
  async #writtenFolders(): Promise<readonly string[]> {
    const { workload, proof, spec, image } = this.#subject;
    proof.exercise.notice("running it under strace to see where it writes");
    const written = new WrittenFolders();
    this.#runs += 1;
    await runUnder(workload, (each) => withSeccomp(each, undefined), this.#quietProof(4), {
      strace: ["-y"],
      sink: async (_, chunks) => {
        for await (const event of parseStrace(chunks)) written.add(event);
      },
    });
    return written.folders(mountPoints(spec, image));
  }

  async #passes(settings: Settings, what: string): Promise<boolean> {
    if (this.#subject.proof.exercise.interrupted.aborted) return false;
    const verdict = await this.#run(settings);
    const passed = verdict.kind === "passed" && (this.#baseline === undefined || this.#isSame(verdict));
    this.#subject.proof.exercise.notice(`run ${this.#runs}: ${what}: ${passed ? "passes" : this.#failed(verdict)}`);
    return passed;
  }

  #failed({ kind }: Verdict): string {
    if (this.#subject.proof.exercise.interrupted.aborted) return "interrupted";
    return kind === "interrupted" ? "takes too long, and was ended" : "fails";
  }

  #isSame(verdict: Verdict): boolean {
    const [before, after] = [this.#baseline, verdict].map((each) =>
      each?.kind === "passed" ? each.stdout : undefined,
    );
    return before === undefined || after === undefined || firstDifference(before, after) === undefined;
  }

  async #run(settings: Settings): Promise<Verdict> {
    this.#runs += 1;
    const { workload, profile } = this.#subject;
    const change = (spec: Document): Document => withSeccomp(withSettings(spec, settings), profile.text);
    return (await runUnder(workload, change, this.#quietProof(1))).verdict;
  }

  /** The proof without its messages. A run of it is given up after `factor` times the usual patience. */
  #quietProof(factor: number): Proof {
    const { proof } = this.#subject;
    const exercise = {
      ...proof.exercise,
      streams: "kept",
      interrupted: this.#patience(factor),
      notice: () => undefined,
    } as const;
    return { ...proof, exercise };
  }

  #patience(factor: number): AbortSignal {
    return AbortSignal.any([
      this.#subject.proof.exercise.interrupted,
      AbortSignal.timeout(Math.ceil(factor * this.#patienceMs)),
    ]);
  }
}

/** The protections in a request. */
function settingsOf(spec: Document, engine: Engine): Settings {
  const host = member(spec, "HostConfig");
  const privileged = member(host, "Privileged") === true;
  const given = { added: wordsOf(member(host, "CapAdd")) ?? [], dropped: wordsOf(member(host, "CapDrop")) ?? [] };
  const asked = optionsOf(spec)
    .filter((option) => option.startsWith("no-new-privileges"))
    .at(-1);
  return {
    capabilities: privileged
      ? allCapabilities
      : boundingSet(given, { all: allCapabilities, granted: defaultCapabilities }),
    noNewPrivileges: asked === undefined ? engine.noNewPrivileges && !privileged : !/[=:]false$/.test(asked),
    privileged,
    unconfined: unconfinedOptions(spec).length > 0,
    readOnly: member(host, "ReadonlyRootfs") === true,
    tmpfs: [],
    volumes: [],
  };
}

/** The request with these settings. Nothing else changes. */
function withSettings(spec: Document, settings: Settings): Document {
  const { capabilities, noNewPrivileges, readOnly, tmpfs, volumes, privileged, unconfined } = settings;
  const host = member(spec, "HostConfig");
  let changed = isDocument(host) ? host : {};
  if (!privileged) {
    changed = withMember(withMember(changed, "Privileged", false), "CapDrop", ["ALL"]);
    changed = withMember(changed, "CapAdd", capabilities.map(shortName));
  }
  const options = optionsOf(spec).filter((option) => isKept(option, settings));
  const hasIt = options.some((option) => /^no-new-privileges(?:$|[=:]true)/.test(option));
  changed = withMember(changed, "SecurityOpt", noNewPrivileges && !hasIt ? [...options, "no-new-privileges"] : options);
  if (readOnly) changed = withMember(changed, "ReadonlyRootfs", true);
  if (unconfined !== unconfinedOptions(spec).length > 0) changed = withoutMasks(changed);
  const mounted = member(changed, "Tmpfs");
  const memory = Object.fromEntries(tmpfs.map((path) => [path, ""]));
  if (tmpfs.length > 0) changed = withMember(changed, "Tmpfs", { ...(isDocument(mounted) ? mounted : {}), ...memory });
  const anonymous = member(spec, "Volumes");
  const more = Object.fromEntries(volumes.map((path) => [path, {}]));
  const result =
    volumes.length === 0 ? spec : withMember(spec, "Volumes", { ...(isDocument(anonymous) ? anonymous : {}), ...more });
  return withMember(result, "HostConfig", changed);
}

/** `systempaths=unconfined` reaches the engine as empty lists (docker CLI, cli/command/container/opts.go). */
function withoutMasks(host: Document): Document {
  return withMember(withMember(host, "MaskedPaths", undefined), "ReadonlyPaths", undefined);
}

/** Keeps an option that does not contradict the settings. */
function isKept(option: string, { noNewPrivileges, unconfined }: Settings): boolean {
  return (unconfined || !isUnconfined(option)) && !(noNewPrivileges && /^no-new-privileges[=:]false$/.test(option));
}

/**
 * The words of `docker run` with these settings. Options before the image that contradict the settings are removed. The
 * new options stand after `run`. Compose's words stay as they are.
 */
function hardenedWords(
  { words, tool }: ClientCommand,
  spec: Document,
  settings: Settings,
  profile: string,
): readonly string[] {
  const verb = words.indexOf("run", tool?.at ?? 0);
  const image = words.indexOf(textOf(member(spec, "Image")), verb + 1);
  if (verb < 0 || image < 0) return words;
  const { capabilities, noNewPrivileges, readOnly, tmpfs, volumes, privileged } = settings;
  const kept = withoutOptions(words.slice(verb + 1, image), (name, value) => {
    if (name === "--privileged" || name === "--cap-add" || name === "--cap-drop") return !privileged;
    return (
      name === "--security-opt" &&
      (isSeccomp(value) || !isKept(value, settings) || (noNewPrivileges && value.startsWith("no-new-privileges")))
    );
  });
  return [
    ...words.slice(0, verb + 1),
    ...kept,
    ...(privileged ? [] : ["--cap-drop", "ALL", ...capabilities.flatMap((name) => ["--cap-add", shortName(name)])]),
    ...(noNewPrivileges ? ["--security-opt", "no-new-privileges"] : []),
    ...(readOnly && !kept.includes("--read-only") ? ["--read-only"] : []),
    ...tmpfs.flatMap((path) => ["--tmpfs", path]),
    ...volumes.flatMap((path) => ["--volume", path]),
    ...["--security-opt", `seccomp=${profile}`],
    ...words.slice(image),
  ];
}

/** Removes these options and their values, in one word or two. */
function withoutOptions(
  words: readonly string[],
  isLeftOut: (name: string, value: string) => boolean,
): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    const [, name = word, inline] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
    const isValued = name === "--cap-add" || name === "--cap-drop" || name === "--security-opt";
    const value = inline ?? (isValued ? (words[at + 1] ?? "") : "");
    const length = isValued && inline === undefined ? 2 : 1;
    if (!isLeftOut(name, value)) kept.push(...words.slice(at, at + length));
    at += length - 1;
  }
  return kept;
}

function shortName(capability: string): string {
  return capability.replace(/^CAP_/, "");
}

function optionsOf(spec: Document): readonly string[] {
  return wordsOf(member(member(spec, "HostConfig"), "SecurityOpt")) ?? [];
}

/** Does the option switch a protection off? seccomp's does not count, because the profile replaces it. */
function isUnconfined(option: string): boolean {
  return /^(?:(?:apparmor|systempaths)[=:]unconfined|label[=:]disable)$/.test(option);
}

function unconfinedOptions(spec: Document): readonly string[] {
  const host = member(spec, "HostConfig");
  const masks = member(host, "MaskedPaths");
  const hasNoMasks = Array.isArray(masks) && masks.length === 0;
  return [...optionsOf(spec).filter(isUnconfined), ...(hasNoMasks ? ["systempaths=unconfined"] : [])];
}

/** The folders at which the request or its image mounts something. */
function mountPoints(spec: Document, image: InspectedImage): readonly string[] {
  const host = member(spec, "HostConfig");
  const mounts = member(host, "Mounts");
  const keys = (value: unknown): readonly string[] => (isDocument(value) ? Object.keys(value) : []);
  return [
    ...(wordsOf(member(host, "Binds")) ?? []).map((bind) => bind.split(":")[1] ?? ""),
    ...(Array.isArray(mounts) ? mounts.map((mount) => textOf(member(mount, "Target"))) : []),
    ...keys(member(host, "Tmpfs")),
    ...keys(member(spec, "Volumes")),
    ...keys(member(member(image.document, "Config"), "Volumes")),
  ]
    .filter((path) => path.startsWith("/"))
    .map(withoutLastSlashes);
}

function withoutLastSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}
