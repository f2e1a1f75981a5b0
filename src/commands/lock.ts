import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sessionIsOver } from "../container/leftovers.ts";
import { SeccompGenError } from "../errors.ts";
import { systemDetail, temporaryPath } from "./files.ts";

/** So long another recording may take to write its files. */
const patienceMs = 10_000;

/**
 * Runs `work` while no other recording writes the same files. A lock is a file that says who holds it, made whole by link(2), which also NFS does atomically;
 * one whose holder has died is taken over.
 */
export async function whileLocked<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const holder = `${process.pid}@${hostname()}`;
  const own = temporaryPath(path);
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(own, holder, { mode: 0o644 });
    await acquire(own, lock);
  } catch (error) {
    await rm(own, { force: true }).catch(() => undefined);
    if (error instanceof SeccompGenError) throw error;
    throw new SeccompGenError({ code: "file-unwritable", path, detail: systemDetail(error) }, { cause: error });
  }
  try {
    return await work();
  } finally {
    await rm(own, { force: true });
    await rm(lock, { force: true });
  }
}

async function acquire(own: string, lock: string): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const taken = await link(own, lock).then(() => true, (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    });
    if (taken) return;
    const holder = await readFile(lock, "utf8").catch(() => "");
    if (sessionIsOver(holder)) await rm(lock, { force: true });
    else if (performance.now() - begun > patienceMs) throw new SeccompGenError({ code: "file-unwritable", path: lock, detail: `${holder} is writing there` });
    else await delay(50);
  }
}
