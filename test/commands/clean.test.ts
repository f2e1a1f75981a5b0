import { existsSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { clean } from "../../src/commands/clean.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";

afterEach(() => vi.unstubAllEnvs());

test("a machine without docker is cleaned of files; a tool that was named has to be there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clean-without-docker-"));
  const left = join(folder, "seccomp-gen-999999999-left");
  await mkdir(left);
  vi.stubEnv("PATH", folder);
  vi.stubEnv("TMPDIR", folder);
  const notes: string[] = [];
  const terminal: Terminal = {
    out: () => undefined,
    note: (line) => notes.push(line),
    status: undefined,
    color: false,
    width: 80,
    interrupted: new AbortController().signal,
  };
  expect(await clean([], { discard: false }, terminal)).toBe(0);
  expect(existsSync(left)).toBe(false);
  expect(notes.join("\n")).toContain("docker is not installed here, so only files were searched");
  await expect(clean(["podman"], { discard: false }, terminal)).rejects.toMatchObject({
    problem: { code: "no-container-cli", tool: "podman" },
  });
});
