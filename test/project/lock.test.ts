import { execa } from "execa";
import { mkdtemp, readFile, readdir, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ownSession, sessionIsOver } from "../../src/project/session-name.ts";
import { temporaryOf, temporaryPath } from "../../src/project/files.ts";

const lockModule = fileURLToPath(new URL("../../dist/project/lock.js", import.meta.url));

/**
 * A process that enters the section again and again. Inside, it holds a file that only one process can make. A process
 * that must die does so inside, or while it removes a dead holder's lock. It prints how often it entered, and "TWO" if
 * another process was inside.
 */
const contender = (path: string, times: number, dies: boolean): string => `
import { whileLocked } from ${JSON.stringify(lockModule)};
import { readFileSync, rmSync, writeFileSync } from "node:fs";
const inside = ${JSON.stringify(join(path, "..", "inside"))};
const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
let done = 0;
if (${dies}) setTimeout(() => process.kill(process.pid, "SIGKILL"), Math.random() * 300);
for (let time = 0; time < ${times}; time += 1) {
  await whileLocked(${JSON.stringify(path)}, async () => {
    try {
      writeFileSync(inside, String(process.pid), { flag: "wx" });
    } catch {
      const other = Number(readFileSync(inside, "utf8"));
      if (other !== process.pid && alive(other)) { console.log("TWO"); process.exit(1); }
      writeFileSync(inside, String(process.pid));
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    if (${dies} && Math.random() < 0.3) process.kill(process.pid, "SIGKILL");
    if (readFileSync(inside, "utf8") !== String(process.pid)) { console.log("TWO"); process.exit(1); }
    rmSync(inside);
    done += 1;
  });
}
console.log(done);`;

test("many processes that find the lock of a dead one, and die themselves, are never two inside", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "seccomp-gen-lock-")), "recording.json");
  await writeFile(join(path, "..", ".recording.json.lock"), `999999999@${hostname()} 0123456789ab`);
  const times = 12;
  const all = Array.from({ length: 24 }, (_, index) =>
    execa(process.execPath, ["--input-type=module", "-e", contender(path, times, index % 2 === 0)], {
      reject: false,
      timeout: 60_000,
    }),
  );
  const ends = await Promise.all(all);
  expect(ends.filter(({ stdout }) => stdout.includes("TWO"))).toEqual([]);
  expect(ends.filter((_, index) => index % 2 === 1).map(({ stdout, stderr }) => stderr || stdout)).toEqual(
    Array.from({ length: 12 }, () => String(times)),
  );
  expect(ends.some(({ signal }) => signal === "SIGKILL")).toBe(true);
  const left = (await readdir(join(path, ".."))).filter((name) => name.endsWith(".lock"));
  for (const name of left)
    expect(
      sessionIsOver((await readFile(join(path, "..", name), "utf8")).split(" ")[0] ?? ""),
      `${name} is of a dead one`,
    ).toBe(true);
}, 120_000);

test("a process that got a dead one's number is not taken for it", () => {
  expect(sessionIsOver(ownSession())).toBe(false);
  expect(sessionIsOver(`${process.pid}@${hostname()}`)).toBe(false);
  expect(sessionIsOver(`${process.pid}.1@${hostname()}`)).toBe(process.platform === "linux");
  expect(sessionIsOver(`${process.pid}.1@another-host`)).toBe(false);
  expect(sessionIsOver("nobody")).toBe(false);
});

test("a temporary file says whose it is, whatever it is a file of", () => {
  for (const name of ["recording.json", ".recording.json", "a.5.7.json", "x@y"])
    expect(temporaryOf(temporaryPath(join("traces", name)))).toBe(ownSession());
  expect(temporaryOf("traces/.recording.json.tmp")).toBeUndefined();
});
