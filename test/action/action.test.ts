import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isBuilt, notBuilt } from "../support/machine.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const action = join(root, ".github/actions/review");

interface Comment {
  id: number;
  body: string;
  user: { type: string };
}

/** Plays GitHub's part for comments, as far as the action needs it. `status`: GitHub refuses to write with it. */
async function commenting(
  comments: Comment[],
  review: string,
  status?: number,
): Promise<{ readonly code: number; readonly out: string; readonly writes: readonly string[] }> {
  const writes: string[] = [];
  const server = createServer((request, response) => {
    let data = "";
    request.on("data", (chunk: Buffer) => (data += chunk.toString()));
    request.on("end", () => {
      const url = new URL(request.url ?? "", "http://x");
      const answer = (value: unknown): void => void response.end(JSON.stringify(value));
      if (request.headers.authorization !== "Bearer secret") response.writeHead(401).end();
      else if (request.method === "GET") {
        const page = Number(url.searchParams.get("page"));
        answer(comments.slice((page - 1) * 100, page * 100));
      } else if (status !== undefined) response.writeHead(status).end("Resource not accessible by integration");
      else {
        writes.push(`${request.method} ${url.pathname}`);
        const { body } = JSON.parse(data) as { body: string };
        const known = comments.find(({ id }) => url.pathname.endsWith(`/comments/${id}`));
        if (known === undefined) comments.push({ id: comments.length + 1, body, user: { type: "Bot" } });
        else known.body = body;
        answer({});
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-action-"));
  writeFileSync(join(folder, "review.md"), review);
  writeFileSync(join(folder, "event.json"), JSON.stringify({ pull_request: { number: 7 } }));
  const env = {
    PATH: process.env["PATH"],
    GITHUB_TOKEN: "secret",
    GITHUB_REPOSITORY: "o/r",
    GITHUB_EVENT_PATH: join(folder, "event.json"),
    GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  const child = spawn(process.execPath, [join(action, "comment.mjs"), join(folder, "review.md")], { env });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (out += chunk.toString()));
  const code = await new Promise<number>((resolve) => child.on("close", (exit) => resolve(exit ?? -1)));
  server.close();
  return { code, out, writes };
}

describe("the comment", { timeout: 60_000 }, () => {
  test("is posted once and replaced afterwards, only when it says something else", async () => {
    const comments: Comment[] = Array.from({ length: 130 }, (_, id) => ({
      id: id + 1,
      body: "<!-- seccomp-gen review -->\nquoted by a person",
      user: { type: "User" },
    }));
    expect((await commenting(comments, "first")).writes).toEqual(["POST /repos/o/r/issues/7/comments"]);
    expect((await commenting(comments, "first")).writes).toEqual([]);
    expect((await commenting(comments, "second")).writes).toEqual(["PATCH /repos/o/r/issues/comments/131"]);
    expect(comments.map(({ body }) => body).filter((body) => body.includes("second"))).toHaveLength(1);
    expect(comments).toHaveLength(131);
  });

  test("is left out where the token may not write (forks); other failures fail", async () => {
    const refused = await commenting([], "first", 403);
    expect(refused).toMatchObject({ code: 0, writes: [] });
    expect(refused.out).toContain("job's summary");
    const broken = await commenting([], "first", 500);
    expect(broken.code).not.toBe(0);
    expect(broken.out).not.toContain("secret");
  });
});

describe("the action", { timeout: 60_000 }, () => {
  test("puts nothing of a pull request into a script", () => {
    const scripts = readFileSync(join(action, "action.yml"), "utf8")
      .split("\n")
      .filter((line) => /^\s*run:/.test(line));
    expect(scripts.length).toBeGreaterThan(2);
    expect(scripts.filter((line) => line.includes("${{"))).toEqual([]);
  });

  test("reviews a branch with a hostile name: comment, SARIF and verdict are left for the next steps", ({ skip }) => {
    skip(!isBuilt, notBuilt);
    const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-action-"));
    const temp = mkdtempSync(join(tmpdir(), "seccomp-gen-action-"));
    const git = (...args: readonly string[]): string =>
      spawnSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder, encoding: "utf8" })
        .stdout;
    git("init", "-q", "-b", "main");
    mkdirSync(join(folder, "profiles"));
    cpSync(join(root, "profiles/nginx.json"), join(folder, "profiles/nginx.json"));
    cpSync(join(root, "traces/nginx"), join(folder, "traces/nginx"), { recursive: true });
    git("add", "-A");
    git("commit", "-q", "-m", "first");
    const base = git("rev-parse", "HEAD").trim();
    git("checkout", "-q", "-b", "x;touch${IFS}pwned;$(touch${IFS}pwned)");
    const profile = JSON.parse(readFileSync(join(folder, "profiles/nginx.json"), "utf8")) as { syscalls: object[] };
    profile.syscalls.push({ names: ["ptrace"], action: "SCMP_ACT_ALLOW" });
    writeFileSync(join(folder, "profiles/nginx.json"), JSON.stringify(profile));
    const program = join(temp, "seccomp-gen");
    writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${join(root, "dist/cli.cjs")} "$@"\n`, {
      mode: 0o755,
    });
    const run = (failOn: string): ReturnType<typeof spawnSync> =>
      spawnSync("bash", [join(action, "review.sh")], {
        cwd: folder,
        encoding: "utf8",
        env: {
          PATH: process.env["PATH"],
          RUNNER_TEMP: temp,
          SECCOMP_GEN: program,
          BASE: base,
          FAIL_ON: failOn,
          SARIF: "true",
          GITHUB_STEP_SUMMARY: join(temp, "summary"),
        },
      });
    expect(run("dangerous unbacked").status).toBe(0);
    expect(readFileSync(join(temp, "seccomp-gen-exit"), "utf8")).toBe("1\n");
    expect(readFileSync(join(temp, "seccomp-gen-review.md"), "utf8")).toContain("**dangerous** | `ptrace`");
    expect(readFileSync(join(temp, "summary"), "utf8")).toContain("ptrace");
    const sarif = JSON.parse(readFileSync(join(temp, "seccomp-gen.sarif"), "utf8")) as {
      runs: { results: { ruleId: string }[] }[];
    };
    expect(sarif.runs[0]?.results.map(({ ruleId }) => ruleId)).toEqual(
      expect.arrayContaining(["newly-possible", "unbacked-profile"]),
    );
    expect(run("beyond-docker").status).toBe(0);
    expect(readFileSync(join(temp, "seccomp-gen-exit"), "utf8")).toBe("0\n");
    expect(existsSync(join(folder, "pwned"))).toBe(false);
  });

  test("installs the version that it belongs to, from a place where the pull request has no say", () => {
    const [checkout, temp] = [
      mkdtempSync(join(tmpdir(), "seccomp-gen-action-")),
      mkdtempSync(join(tmpdir(), "seccomp-gen-action-")),
    ];
    writeFileSync(join(checkout, ".npmrc"), "registry=http://127.0.0.1:1/evil\n");
    const npm = join(temp, "npm");
    writeFileSync(npm, '#!/bin/sh\npwd\necho "$@"\n', { mode: 0o755 });
    const run = (version: string): ReturnType<typeof spawnSync> =>
      spawnSync("bash", [join(action, "install.sh")], {
        cwd: checkout,
        encoding: "utf8",
        env: { PATH: process.env["PATH"], RUNNER_TEMP: temp, VERSION: version, NPM: npm },
      });
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(run("")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        new RegExp(`^${temp}/seccomp-gen\\n.*--ignore-scripts .* seccomp-gen@${version}\\n$`),
      ) as string,
    });
    expect(run("1.2.3").stdout).toContain("seccomp-gen@1.2.3\n");
    expect(run("1 --registry=http://evil")).toMatchObject({ status: 2 });
  });

  test("what takes too long fails", ({ skip }) => {
    skip(!isBuilt, notBuilt);
    const temp = mkdtempSync(join(tmpdir(), "seccomp-gen-action-"));
    const slow = join(temp, "slow");
    writeFileSync(slow, "#!/bin/sh\nexec sleep 20\n", { mode: 0o755 });
    const { status, stdout } = spawnSync("bash", [join(action, "review.sh")], {
      cwd: temp,
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        RUNNER_TEMP: temp,
        SECCOMP_GEN: slow,
        BASE: "",
        FAIL_ON: "any",
        SARIF: "false",
        TIME_LIMIT: "1",
      },
    });
    expect([status, stdout]).toEqual([124, "::error::seccomp-gen review took too long\n"]);
    expect(existsSync(join(temp, "seccomp-gen-exit"))).toBe(false);
  });
});
