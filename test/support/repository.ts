import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  stringifyRecording,
  type CodeEvidence,
  type Recording,
  type SyscallRecord,
} from "../../src/core/recording/index.ts";
import { generate } from "../../src/commands/generate.ts";
import { derive, parseStoredPolicy } from "../../src/project/index.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";
import { generateOptions } from "./options.ts";
import { cli } from "./product.ts";

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The committed state of one service. */
export interface State {
  readonly calls: { readonly [name: string]: SyscallRecord };
  readonly runs?: readonly string[];
  readonly code?: CodeEvidence;
  /** The content of policy.json. */
  readonly options?: object;
}

export function call(processes: string, values?: readonly (readonly bigint[])[], indices = [0]): SyscallRecord {
  return {
    calls: 1,
    results: ["ok"],
    processes: [processes],
    ...(values === undefined ? {} : { args: { indices, values } }),
  };
}

/** The calls that every workload here makes. */
export const ordinary: State["calls"] = Object.fromEntries(
  ["close", "execve", "exit_group", "getpid", "openat", "read", "write"].map((name) => [name, call("app")]),
);

export function recordingOf(name: string, { calls, runs = ["first"], code }: State): Recording {
  return {
    version: 1,
    name,
    runs: runs.map((run) => ({ source: "container", command: ["docker", "run", run], versions: {}, ended: "exited" })),
    syscalls: { SCMP_ARCH_X86_64: calls },
    ...(code === undefined ? {} : { code }),
  };
}

/** Nobody reads what is said. */
const silent: Terminal = {
  out: () => undefined,
  note: () => undefined,
  status: undefined,
  color: false,
  width: 80,
  interrupted: new AbortController().signal,
};

/** A repository in a temporary folder, driven by a real git. */
export class Repository {
  readonly folder = mkdtempSync(join(tmpdir(), "seccomp-gen-git-"));

  /** An empty one, or one as another is. */
  constructor(like?: Repository) {
    if (like !== undefined) {
      cpSync(like.folder, this.folder, { recursive: true });
      return;
    }
    this.git("init", "-q", "-b", "main");
    this.git("config", "user.name", "A. Maintainer");
    this.git("config", "user.email", "a@example.org");
  }

  run(tool: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Answer {
    const { status, stdout, stderr } = spawnSync(tool, args, {
      cwd: this.folder,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: this.folder, GIT_CONFIG_NOSYSTEM: "1", GIT_EDITOR: "true", ...env },
    });
    return { status, stdout, stderr };
  }

  git(...args: readonly string[]): Answer {
    return this.run("git", args);
  }

  /** The same for a command that must succeed. */
  must(...args: readonly string[]): string {
    const { status, stdout, stderr } = this.git(...args);
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  /**
   * Does every profile match its recording? `generate --all --check` in this process, because many tests ask it
   * many times.
   */
  async isWhole(): Promise<boolean> {
    const here = process.cwd();
    process.chdir(this.folder);
    try {
      return (await generate([], { ...generateOptions, all: true, check: true }, silent)) === 0;
    } finally {
      process.chdir(here);
    }
  }

  tool(...args: readonly string[]): Answer {
    return this.run(process.execPath, [cli, ...args]);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  /** Writes recording, options and profile as `record` leaves them. */
  async put(name: string, state: State, below = ""): Promise<void> {
    const recording = recordingOf(name, state);
    const options = state.options === undefined ? undefined : `${JSON.stringify(state.options, undefined, 2)}\n`;
    const policy = `${below}traces/${name}/policy.json`;
    this.write(`${below}traces/${name}/recording.json`, stringifyRecording(recording));
    if (options !== undefined) this.write(policy, options);
    else rmSync(join(this.folder, policy), { force: true });
    const { profile } = await derive(recording, parseStoredPolicy(options, policy));
    this.write(`${below}profiles/${name}.json`, profile);
  }

  commit(message: string): string {
    this.must("add", "-A");
    this.must("commit", "-q", "--allow-empty", "-m", message);
    return this.must("rev-parse", "HEAD");
  }

  async commitState(message: string, name: string, state: State): Promise<string> {
    await this.put(name, state);
    return this.commit(message);
  }
}
