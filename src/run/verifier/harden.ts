import {
  choosesSeccomp,
  firstDifference,
  isOn,
  runWords,
  securityContext,
  valuesOf,
  type Engine,
  type Image,
  type RunChanges,
  type RunCommand,
} from "../container/index.ts";
import { parseStrace } from "../../strace-parser/index.ts";
import { allCapabilities, defaultCapabilities } from "../../core/tables/index.ts";
import { ensureTracer, openTrace, readTrace, traceAll } from "../tracer/index.ts";
import { withoutNeedless } from "./minimize.ts";
import { runUnder, type Proof, type Verdict } from "./run.ts";
import { WrittenFolders } from "./written-paths.ts";

/**
 * What else a workload that runs under its profile can do without. Each protection was tried by
 * running the workload with it and those before.
 */
export interface Hardening {
  readonly findings: readonly HardeningFinding[];
  /** The whole command, with the profile as it was given. */
  readonly command: readonly string[];
  readonly settings: Settings;
  readonly runs: number;
  /** The last run had all protections together and passed. If not, none can be relied on. */
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

/** What bears on protection in a run command. */
export interface Settings {
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly readOnly: boolean;
  readonly tmpfs: readonly string[];
  /** Anonymous ones: filled from the image, owned as there. */
  readonly volumes: readonly string[];
  readonly privileged: boolean;
  /** The command's own options that take protection away are kept. */
  readonly unconfined: boolean;
}

/** A workload that passes under its profile. */
export interface Hardenable {
  readonly run: RunCommand;
  readonly image: Image;
  readonly engine: Engine;
  /** Its absolute path, and as it was given. */
  readonly profile: { readonly path: string; readonly given: string };
  readonly proof: Proof;
  readonly maxRuns: number;
}

/**
 * Tries protections one after the other, and keeps those with which the workload still does the
 * same. Never drops one that the command has. `undefined` if it was interrupted.
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
  /** A run that takes longer than this counts as hanging. */
  #patienceMs = 600_000;

  constructor(subject: Hardenable) {
    const { run, engine } = subject;
    this.#subject = subject;
    const { capabilities, noNewPrivileges, privileged } = securityContext(run, {
      all: allCapabilities,
      granted: defaultCapabilities,
      noNewPrivileges: engine.noNewPrivileges,
    });
    this.#settings = {
      capabilities,
      noNewPrivileges,
      privileged,
      unconfined: unconfinedOptions(run).length > 0,
      readOnly: isOn(run.options, "read-only"),
      tmpfs: [],
      volumes: [],
    };
  }

  async search(): Promise<Hardening> {
    const begun = performance.now();
    this.#baseline = await this.#run(this.#settings);
    this.#patienceMs = 15_000 + 5 * (performance.now() - begun);
    // Output that differs from run to run cannot be compared.
    if (this.#baseline.kind === "passed" && !this.#isSame(await this.#run(this.#settings))) this.#baseline = undefined;
    await this.#leaveOut("privileged");
    await this.#leaveOut("unconfined");
    // A privileged container has all capabilities whatever is dropped, and writes where it likes.
    if (!this.#settings.privileged) {
      await this.#dropCapabilities();
      await this.#forbidNewPrivileges();
      await this.#makeReadOnly();
    }
    const confirmed = await this.#passes(this.#settings, "all of it together");
    const command = [
      ...this.#subject.run.cli.words,
      ...runWords(this.#subject.run, this.#changes(this.#settings, this.#subject.profile.given)),
    ];
    return { findings: this.#findings, command, settings: this.#settings, runs: this.#runs, confirmed };
  }

  async #leaveOut(kind: "privileged" | "unconfined"): Promise<void> {
    if (!this.#settings[kind]) return;
    const without = { ...this.#settings, [kind]: false };
    const options = unconfinedOptions(this.#subject.run);
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
      // Memory first: it is gone with the container. A volume is needed for a folder in which the
      // image has files, or which it gives to a user.
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

  /** The folders in which the workload writes, as strace sees them. */
  async #writtenFolders(): Promise<readonly string[]> {
    const { run, image, engine, proof } = this.#subject;
    proof.exercise.notice("running it under strace to see where it writes");
    const bundle = await ensureTracer(run.cli, engine.architecture, proof.exercise.notice);
    const written = new WrittenFolders();
    this.#runs += 1;
    const showPaths = { profile: undefined, strace: ["-y"] };
    await using trace = await openTrace({
      ...proof.exercise,
      on: "container",
      run,
      image,
      bundle,
      place: "sidecar",
      sides: proof.sides,
      untraced: traceAll,
      streams: "kept",
      interrupted: this.#patience(4),
      notice: () => undefined,
      confinement: { sidecar: showPaths, inside: showPaths },
    });
    await readTrace(trace, async ({ chunks }) => {
      for await (const event of parseStrace(chunks)) written.add(event);
    });
    return written.folders([...mountPoints(run), ...image.volumes]);
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

  #run(settings: Settings): Promise<Verdict> {
    this.#runs += 1;
    const { run, profile, proof } = this.#subject;
    const { without, options } = this.#changes(settings, undefined);
    return runUnder(
      run,
      profile.path,
      {
        ...proof,
        exercise: { ...proof.exercise, streams: "kept", interrupted: this.#patience(1), notice: () => undefined },
      },
      { without, options },
    );
  }

  #patience(factor: number): AbortSignal {
    return AbortSignal.any([
      this.#subject.proof.exercise.interrupted,
      AbortSignal.timeout(Math.ceil(factor * this.#patienceMs)),
    ]);
  }

  /** What these settings, and the profile if there is one, change in the command. */
  #changes(
    { capabilities, noNewPrivileges, readOnly, tmpfs, volumes, privileged, unconfined }: Settings,
    profile: string | undefined,
  ): RunChanges {
    const { run } = this.#subject;
    const has = {
      readOnly: isOn(run.options, "read-only"),
      noNewPrivileges: valuesOf(run.options, "security-opt").some((value) =>
        /^no-new-privileges(?:$|[=:]true)/.test(value),
      ),
    };
    return {
      without: (name, value) =>
        (!privileged && ["cap-add", "cap-drop", "privileged"].includes(name)) ||
        (!unconfined && isUnconfined(name, value)) ||
        (profile !== undefined && choosesSeccomp(name, value)) ||
        (noNewPrivileges && name === "security-opt" && /^no-new-privileges[=:]false$/.test(value ?? "")),
      options: [
        ...(privileged ? [] : ["--cap-drop", "ALL", ...capabilities.flatMap((name) => ["--cap-add", shortName(name)])]),
        ...(noNewPrivileges && !has.noNewPrivileges ? ["--security-opt", "no-new-privileges"] : []),
        ...(readOnly && !has.readOnly ? ["--read-only"] : []),
        ...tmpfs.flatMap((path) => ["--tmpfs", path]),
        ...volumes.flatMap((path) => ["--volume", path]),
        ...(profile === undefined ? [] : ["--security-opt", `seccomp=${profile}`]),
      ],
      command: undefined,
    };
  }
}

function shortName(capability: string): string {
  return capability.replace(/^CAP_/, "");
}

/** Options that switch a protection off, other than seccomp's, which the profile replaces. */
function isUnconfined(name: string, value: string | undefined): boolean {
  return name === "security-opt" && /^(?:(?:apparmor|systempaths)[=:]unconfined|label[=:]disable)$/.test(value ?? "");
}

function unconfinedOptions(run: RunCommand): readonly string[] {
  return valuesOf(run.options, "security-opt").filter((value) => isUnconfined("security-opt", value));
}

/** Where the command mounts something (docker run reference: --volume, --mount, --tmpfs). */
function mountPoints(run: RunCommand): readonly string[] {
  const volumes = valuesOf(run.options, "volume").map((value) => value.split(":").slice(0, 2).at(-1) ?? "");
  const mounts = valuesOf(run.options, "mount").map(
    (value) => /(?:^|,)(?:dst|destination|target)=([^,]*)/.exec(value)?.[1] ?? "",
  );
  const tmpfs = valuesOf(run.options, "tmpfs").map((value) => value.split(":")[0] ?? "");
  return [...volumes, ...mounts, ...tmpfs]
    .filter((path) => path.startsWith("/"))
    .map((path) => path.replace(/(?<=.)\/+$/, ""));
}
