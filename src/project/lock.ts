import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ownSession, sessionIsOver } from "./session-name.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { checkKept, systemProblem, temporaryPath } from "./files.ts";

/** Another recording takes at most this long to write its files. */
const patienceMs = 10_000;

/**
 * Runs `work` while no other recording writes the same files. A lock is a file that names its holder. link(2) makes it
 * whole at once, also on NFS. If a lock's holder has died, the lock is taken over.
 */
export async function whileLocked<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  let release: () => Promise<void>;
  try {
    await checkKept(path);
    await mkdir(dirname(path), { recursive: true });
    release = await acquire(join(dirname(path), `.${basename(path)}.lock`), performance.now() + patienceMs);
  } catch (error) {
    if (error instanceof SeccompGenError) throw error;
    throw new SeccompGenError({ code: "file-unwritable", path, ...systemProblem(error) }, { cause: error });
  }
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Is the file a lock of a recording, or the second lock that is taken to remove a dead holder's lock? */
export function isLock(path: string): boolean {
  return /^\.recording\.json(?:\.[0-9a-f]{12})?\.lock$/.test(basename(path));
}

/** Removes a lock if its holder has died. Resolves to true if the lock was removed. */
export async function removeStaleLock(lock: string): Promise<boolean> {
  const dead = await holderOf(lock);
  return dead !== undefined && sessionIsOver(dead.session) && takeAway(lock, dead, performance.now() + patienceMs);
}

/** The holder of a lock. Each time somebody takes a lock, it gets a new `token`. */
interface Holder {
  readonly session: string;
  readonly token: string;
}

async function acquire(lock: string, deadline: number): Promise<() => Promise<void>> {
  const own = temporaryPath(lock.replace(/\.lock$/, ""));
  try {
    await writeFile(own, `${ownSession()} ${randomBytes(6).toString("hex")}`, { mode: 0o644, flush: true });
    while (!(await links(own, lock))) {
      const holder = await holderOf(lock);
      if (holder !== undefined && sessionIsOver(holder.session)) await takeAway(lock, holder, deadline);
      else if (performance.now() > deadline)
        throw new SeccompGenError({
          code: "file-unwritable",
          path: lock,
          detail: `${holder?.session ?? "somebody"} is writing there`,
          todo: "Run the command again when that has ended.",
        });
      else await delay(holder === undefined ? 1 : 20); // without a holder, it was released just now
    }
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
  // If the lock cannot be removed, this process ends soon. The next process then removes a dead holder's lock.
  return () => rm(lock, { force: true }).catch(() => undefined);
}

/**
 * On another machine's file system, link(2) may succeed and report a failure. Then the file has two names (open(2),
 * O_EXCL).
 */
async function links(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return (await stat(own)).nlink === 2;
  }
}

async function holderOf(lock: string): Promise<Holder | undefined> {
  const [session = "", token = ""] = (await readFile(lock, "utf8").catch(() => "")).split(" ");
  return session === "" ? undefined : { session, token };
}

/**
 * Removes a dead holder's lock, but never one that somebody has taken since. A process first takes a second lock, named
 * after the dead holder's token. The file must then still have that token. If the second holder dies too, its lock is
 * removed in the same way.
 */
async function takeAway(lock: string, dead: Holder, deadline: number): Promise<boolean> {
  const name = /^[0-9a-f]{12}$/.test(dead.token) ? dead.token : "0".repeat(12);
  const release = await acquire(
    join(dirname(lock), `${basename(lock).replace(/(?:\.[0-9a-f]{12})?\.lock$/, "")}.${name}.lock`),
    deadline,
  );
  try {
    const now = await holderOf(lock);
    if (now?.session !== dead.session || now.token !== dead.token) return false;
    await rm(lock, { force: true });
    return true;
  } finally {
    await release();
  }
}
