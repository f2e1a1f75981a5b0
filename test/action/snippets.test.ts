import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { cli } from "../support/product.ts";
import { call, ordinary, Repository } from "../support/repository.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const blocks = ["README.md", "docs/ci.md"].flatMap((file) =>
  [...readFileSync(join(root, file), "utf8").matchAll(/```yaml\n([^]*?)\n```/g)].map(([, text = ""]) => text),
);

/** The snippet, as a reader would copy it. */
function snippet(about: string): string {
  const found = blocks.filter((text) => text.includes(about));
  expect(found, about).toHaveLength(1);
  return found[0] ?? "";
}

interface Workflow {
  readonly on: Record<string, unknown> | string;
  readonly jobs: {
    readonly review: { readonly steps: readonly { readonly run?: string; readonly "working-directory"?: string }[] };
  };
}

let repository: Repository;
let bin = "";
let temp = "";

/** An npm that installs this very package, as if the registry had it. */
function fakeNpm(): void {
  const script = [
    "#!/bin/sh",
    'while [ $# -gt 0 ]; do [ "$1" = --prefix ] && prefix=$2; shift; done',
    'mkdir -p "$prefix/node_modules/.bin"',
    'mkdir -p "$prefix/node_modules/seccomp-gen"',
    `cp -r '${root}/.github' "$prefix/node_modules/seccomp-gen/"`,
    `printf '#!/bin/sh\\nexec "${process.execPath}" "${cli}" "$@"\\n' > "$prefix/node_modules/.bin/seccomp-gen"`,
    'chmod +x "$prefix/node_modules/.bin/seccomp-gen"',
    "",
  ].join("\n");
  writeFileSync(join(bin, "npm"), script, { mode: 0o755 });
}

/** Comments of a pull request, as GitHub's API keeps them. */
interface Api {
  readonly comments: { id: number; body: string; user: { type: string } }[];
  readonly refuses: boolean;
}

async function runWorkflow(
  event: object,
  { comments, refuses }: Api,
  env: Readonly<Record<string, string>> = {},
  about = "merge_group:",
): Promise<{ readonly code: number; readonly out: string }> {
  const server = createServer((request, response) => {
    let data = "";
    request.on("data", (chunk: Buffer) => (data += chunk.toString()));
    request.on("end", () => {
      if (request.method === "GET") return void response.end(JSON.stringify(comments));
      if (refuses) return void response.writeHead(403).end("Resource not accessible by integration");
      const { body } = JSON.parse(data) as { body: string };
      const known = comments.find(({ id }) => request.url?.endsWith(`/comments/${id}`));
      if (known === undefined) comments.push({ id: comments.length + 1, body, user: { type: "Bot" } });
      else known.body = body;
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  writeFileSync(join(temp, "event.json"), JSON.stringify(event));
  const { jobs } = parse(snippet(about)) as Workflow;
  let [code, out] = [0, ""];
  for (const step of jobs.review.steps.filter(({ run }) => run !== undefined)) {
    const child = spawn("bash", ["-e", "-c", step.run ?? ""], {
      cwd: step["working-directory"] === undefined ? repository.folder : temp,
      env: {
        PATH: `${bin}:${process.env["PATH"] ?? ""}`,
        RUNNER_TEMP: temp,
        GITHUB_TOKEN: "secret",
        GITHUB_REPOSITORY: "o/r",
        GITHUB_EVENT_PATH: join(temp, "event.json"),
        GITHUB_STEP_SUMMARY: join(temp, "summary"),
        GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        ...env,
      },
    });
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (out += chunk.toString()));
    code = await new Promise<number>((resolve) => child.on("close", (exit) => resolve(exit ?? -1)));
    if (code !== 0) break;
  }
  server.close();
  return { code, out };
}

const withPtrace = { calls: { ...ordinary, ptrace: call("gdb", [[16n]]) }, runs: ["first", "gdb"] };
const withBpf = { calls: ordinary, options: { allow: ["bpf"] } };

describe.skipIf(!existsSync(cli))("the snippets, as they are copied", { timeout: 120_000 }, () => {
  beforeEach(async () => {
    repository = new Repository();
    bin = mkdtempSync(join(tmpdir(), "seccomp-gen-bin-"));
    temp = mkdtempSync(join(tmpdir(), "seccomp-gen-action-"));
    fakeNpm();
    await repository.put("web", { calls: ordinary });
    repository.commit("first");
    repository.must("checkout", "-q", "-b", "topic");
  });

  test("name nothing that has to be filled in", () => {
    for (const text of blocks) expect(text).not.toMatch(/OWNER|YOUR_|<[A-Z]+>/);
    const { on } = parse(snippet("merge_group:")) as Workflow;
    expect(on).toMatchObject({
      pull_request: { paths: ["**/profiles/**", "**/traces/**", "**/*seccomp*"] },
      merge_group: null,
    });
  });

  test("a pull request: its merge into the target is judged by its own changes, in one comment", async () => {
    const stale = repository.must("rev-parse", "main");
    repository.write("code.txt", "x\n");
    repository.commit("code");
    repository.must("checkout", "-q", "main");
    await repository.commitState("main goes on", "web", withPtrace);
    repository.must("checkout", "-q", "--detach", "main");
    repository.must("merge", "-q", "-m", "refs/pull/7/merge", "topic");
    const api: Api = { comments: [], refuses: false };
    const event = { pull_request: { number: 7, base: { sha: stale } } };
    const ref = { GITHUB_REF: "refs/pull/7/merge" };
    expect(await runWorkflow(event, api, ref)).toMatchObject({ code: 0 });
    expect(api.comments).toEqual([]); // nothing that concerns profiles
    api.comments.push({ id: 1, body: "<!-- seccomp-gen review -->\nolder", user: { type: "Bot" } });
    expect(await runWorkflow(event, api, ref)).toMatchObject({ code: 0 });
    expect(api.comments.map(({ body }) => body)).toEqual([
      expect.stringContaining("No profile and no recording has changed."),
    ]);
  });

  test("a pull request that opens something: the check fails, and the comment says what", async () => {
    const base = repository.must("rev-parse", "main");
    await repository.commitState("bpf", "web", withBpf);
    const api: Api = { comments: [], refuses: false };
    const { code } = await runWorkflow({ pull_request: { number: 7, base: { sha: base } } }, api);
    expect([code, api.comments.map(({ body }) => body)]).toEqual([1, [expect.stringContaining("bpf")]]);
  });

  test("the README's short workflow does the same", async () => {
    const base = repository.must("rev-parse", "main");
    await repository.commitState("bpf", "web", withBpf);
    const api: Api = { comments: [], refuses: false };
    const event = { pull_request: { number: 7, base: { sha: base } } };
    const { code } = await runWorkflow(event, api, {}, "on: pull_request\n");
    expect([code, api.comments.map(({ body }) => body)]).toEqual([1, [expect.stringContaining("bpf")]]);
  });

  test("a revert of an append passes, and the comment says that nothing opened", async () => {
    repository.must("checkout", "-q", "main");
    const appended = await repository.commitState("ptrace", "web", withPtrace);
    repository.must("checkout", "-q", "-b", "undo");
    repository.must("revert", "--no-edit", appended);
    const api: Api = { comments: [], refuses: false };
    const { code } = await runWorkflow({ pull_request: { number: 7, base: { sha: appended } } }, api);
    expect([code, api.comments.map(({ body }) => body)]).toEqual([0, [expect.stringContaining("**Fine.**")]]);
    expect(api.comments[0]?.body).toContain("no longer seen: `ptrace`");
  });

  test("a shallow clone fetches the target's commit, and compares with that", async () => {
    const base = repository.must("rev-parse", "main");
    await repository.commitState("bpf", "web", withBpf);
    const whole = repository;
    repository = new Repository();
    repository.must("remote", "add", "origin", `file://${whole.folder}`);
    repository.must("fetch", "-q", "--depth=1", "origin", "topic");
    repository.must("checkout", "-q", "--detach", "FETCH_HEAD");
    expect(repository.git("cat-file", "-e", base).status).not.toBe(0);
    const api: Api = { comments: [], refuses: false };
    const { code } = await runWorkflow({ pull_request: { number: 7, base: { sha: base } } }, api);
    expect([code, api.comments.map(({ body }) => body)]).toEqual([1, [expect.stringContaining("bpf")]]);
  });

  test("a required check without the filter of paths: green without a word where no profile changed", async () => {
    const workflow = parse(snippet("pull_request:").replace(/\n +paths: .*/, "")) as Workflow;
    expect(workflow.on).toEqual({ pull_request: null, merge_group: null });
    const base = repository.must("rev-parse", "main");
    repository.write("code.txt", "x\n");
    repository.commit("code");
    const api: Api = { comments: [], refuses: false };
    expect(await runWorkflow({ pull_request: { number: 7, base: { sha: base } } }, api)).toMatchObject({ code: 0 });
    expect(api.comments).toEqual([]);
  });

  test("a fork's token may not comment: the review is in the summary, and the check fails all the same", async () => {
    const base = repository.must("rev-parse", "main");
    await repository.commitState("bpf", "web", withBpf);
    const { code, out } = await runWorkflow(
      { pull_request: { number: 7, base: { sha: base } } },
      { comments: [], refuses: true },
    );
    expect([code, out]).toEqual([1, expect.stringContaining("job's summary")]);
    expect(readFileSync(join(temp, "summary"), "utf8")).toContain("bpf");
  });

  test("a merge queue: what it is put upon is not its doing", async () => {
    repository.must("checkout", "-q", "main");
    const queued = await repository.commitState("queued before", "web", withPtrace);
    repository.write("code.txt", "x\n");
    repository.commit("ours");
    const api: Api = { comments: [], refuses: false };
    expect(await runWorkflow({ merge_group: { base_sha: queued } }, api)).toMatchObject({ code: 0 });
    expect(api.comments).toEqual([]);
  });

  test.each([
    ["the branch alone", {}],
    ["the merged result", { merged: true }],
  ])("GitLab, a pipeline of %s", async (_, { merged = false }: { merged?: boolean }) => {
    const left = repository.must("rev-parse", "main");
    repository.write("code.txt", "x\n");
    repository.commit("code");
    repository.must("checkout", "-q", "main");
    const target = await repository.commitState("main goes on", "web", withPtrace);
    repository.must("checkout", "-q", merged ? "main" : "topic");
    if (merged) repository.must("merge", "-q", "-m", "merged result", "topic");
    const { seccomp } = parse(snippet("codequality")) as { seccomp: { script: string[] } };
    const place = mkdtempSync(join(tmpdir(), "seccomp-gen-opt-"));
    const script = seccomp.script.join("\n").replaceAll("/opt/seccomp-gen", place);
    const { status, stdout, stderr } = spawnSync("bash", ["-e", "-c", script], {
      cwd: repository.folder,
      encoding: "utf8",
      env: {
        PATH: `${bin}:${process.env["PATH"] ?? ""}`,
        CI_MERGE_REQUEST_DIFF_BASE_SHA: left,
        ...(merged ? { CI_MERGE_REQUEST_TARGET_BRANCH_SHA: target } : {}),
      },
    });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining("No profile and no recording has changed.")]);
    expect(JSON.parse(repository.read("gl-code-quality-report.json"))).toEqual([]);
  });

  test("pre-commit: the hook's entry refuses what does not fit", async () => {
    fakeNpm();
    const { repos } = parse(snippet("repo: local")) as { repos: { hooks: { entry: string }[] }[] };
    const entry = repos[0]?.hooks[0]?.entry ?? "";
    writeFileSync(join(bin, "seccomp-gen"), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`, { mode: 0o755 });
    const run = (): number | null =>
      repository.run("bash", ["-c", entry], { PATH: `${bin}:${process.env["PATH"] ?? ""}` }).status;
    expect(run()).toBe(0);
    repository.write("profiles/web.json", repository.read("profiles/web.json").replace("flock", "flock "));
    expect(run()).toBe(0); // not staged
    repository.must("add", "-A");
    expect(run()).toBe(1);
  });
});
