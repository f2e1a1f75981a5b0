import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import glob from "fast-glob";
import { expect, test } from "vitest";
import { parseStraceSync } from "../../src/strace-parser/index.ts";
import { formatEvent } from "../support/format-event.ts";

/**
 * One file for each production: what it is, the lines of a log, and the events, one on a line.
 * `SECCOMP_GEN_WRITE_CORPUS=1` rewrites the events. Read them then.
 */
const folder = fileURLToPath(new URL("../corpus/strace/", import.meta.url));
const divider = "\n=== events ===\n";

test.each(glob.sync("*.txt", { cwd: folder }).sort())("the log in %s gives the events that stand below it", (file) => {
  const [head = ""] = readFileSync(folder + file, "utf8").split(divider);
  const [about = "", log = ""] = head.split("\n=== log ===\n");
  const bytes = Buffer.from(log.replaceAll("␛", "\u001b").replaceAll("␀", "\0").replaceAll("␍", "\r"), "utf8");
  const events = [...parseStraceSync([bytes])].map((event) => `${formatEvent(event)}\n`).join("");
  const text = `${about}\n=== log ===\n${log}${divider}${events}`;
  if (process.env["SECCOMP_GEN_WRITE_CORPUS"] !== undefined) writeFileSync(folder + file, text);
  expect(readFileSync(folder + file, "utf8")).toBe(text);
});
