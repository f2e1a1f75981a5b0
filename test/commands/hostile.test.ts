import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { cli } from "../support/product.ts";

/** What a pull request may contain, and how the built command line answers. */
const root = fileURLToPath(new URL("../../", import.meta.url));
let folder = "";

interface Said {
  readonly code: number;
  readonly out: string;
}

function run(...args: readonly string[]): Said {
  try {
    return {
      code: 0,
      out: execFileSync(process.execPath, [cli, ...args], { cwd: folder, encoding: "utf8", stdio: "pipe" }),
    };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, out: stdout + stderr };
  }
}

const git = (...args: readonly string[]): string =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder, encoding: "utf8" });

const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);
const nginx = (): string => readFileSync(join(root, "profiles/nginx.json"), "utf8");

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  folder = mkdtempSync(join(tmpdir(), "hostile-"));
  mkdirSync(join(folder, "profiles"));
  cpSync(join(root, "traces/nginx"), join(folder, "traces/nginx"), { recursive: true });
  write("profiles/nginx.json", nginx());
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-qm", "base");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a document without a filter is the loudest finding of every command", { timeout: 120_000 }, () => {
  const lint = ["lint", "profiles/nginx.json"];
  const others = [
    ["diff", "before.json", "profiles/nginx.json"],
    ["diff", "profiles/nginx.json", "profiles/nginx.json"],
    ["check", "profiles/nginx.json", "traces/nginx/recording.json"],
    ["explain", "profiles/nginx.json"],
    ["review", "HEAD"],
    ["generate", "--all", "--check"],
    ["verify", "profiles/nginx.json", "--", "docker", "run", "nginx"],
  ];

  // One reader serves all commands. What it reads as no filter is asked in core/profile/enforcement.test.ts.
  test.each([
    ["wrapped in linux.seccomp", (text: string) => `{"linux":{"seccomp":${text}}}`, [lint, ...others]],
    ["null", () => "null", [lint, ...others]],
    ["wrapped in spec, with a kind", (text: string) => `{"kind":"SeccompProfile","spec":${text}}`, [lint]],
    ["an empty object", () => "{}", [lint]],
  ])("%s", (_, wrap, commands) => {
    write("profiles/nginx.json", wrap(nginx()));
    write("before.json", nginx());
    for (const args of commands)
      expect([args[0], run(...args)]).toEqual([
        args[0],
        { code: 1, out: expect.stringMatching(/NO FILTER AT ALL: Docker, podman and containerd/) },
      ]);
  });
});

describe("review stops", { timeout: 120_000 }, () => {
  const change = (edit: (profile: { syscalls: object[]; [member: string]: unknown }) => void): Said => {
    const profile = JSON.parse(nginx()) as { syscalls: object[] };
    edit(profile);
    write("profiles/nginx.json", JSON.stringify(profile));
    return run("review", "HEAD", "--fail-on", "dangerous");
  };

  test("for JSON in a place of profiles that is no profile", () => {
    write("profiles/other.json", '{"a": 1}');
    expect(run("review", "HEAD")).toMatchObject({
      code: 1,
      out: expect.stringMatching(/other\.json.*NO FILTER AT ALL/),
    });
  });

  test("for a denied call that claims to have succeeded", () => {
    const { code, out } = change(({ syscalls }) =>
      syscalls.push({ names: ["ptrace"], action: "SCMP_ACT_ERRNO", errnoRet: 0 }),
    );
    expect([code, out]).toEqual([1, expect.stringMatching(/sees success\*\* \(errno 0\): `ptrace`/)]);
    expect(run("lint", "profiles/nginx.json").out).toContain("[false-success]");
  });

  test.each([
    ["listenerPath", "/run/agent.sock"],
    ["listenerMetadata", "x"],
    ["flags", ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]],
  ])("for another %s", (member, value) => {
    const { code, out } = change((profile) => (profile[member] = value));
    expect([code, out]).toEqual([1, expect.stringContaining(`${member}: none → `)]);
  });

  test("for a rule that only another host has", () => {
    const includes = { minKernel: "3.0", arches: ["arm64"] };
    // It would not count beside a rule that always denies the call.
    const { code, out } = change((profile) => {
      for (const group of profile.syscalls as { names: string[] }[])
        group.names = group.names.filter((name) => name !== "bpf");
      profile.syscalls.push({ names: ["bpf"], action: "SCMP_ACT_ALLOW", includes, excludes: { minKernel: "4.0" } });
    });
    expect([code, out]).toEqual([1, expect.stringMatching(/Possible elsewhere[^]*`arm64, kernel 3\.0[^`]*: bpf`/)]);
  });

  test("for capabilities that a recording newly claims", () => {
    const path = "traces/nginx/recording.json";
    const recording = JSON.parse(readFileSync(join(folder, path), "utf8")) as {
      runs: { capabilities: string[] }[];
      syscalls: { SCMP_ARCH_X86_64: { [name: string]: object } };
    };
    recording.runs[0]?.capabilities.push("CAP_SYS_ADMIN");
    recording.syscalls.SCMP_ARCH_X86_64["mount"] = { calls: 1, results: ["ok"], processes: ["nginx"] };
    write(path, JSON.stringify(recording));
    run("generate", "--all");
    const { code, out } = run("review", "HEAD", "--fail-on", "beyond-docker");
    expect([code, out]).toEqual([1, expect.stringMatching(/mount.*the recording now names other capabilities/)]);
  });

  test.each([
    ["a link in place of the folder", () => symlinkSync("/etc", join(folder, "Profiles"))],
    ["a link among profiles", () => symlinkSync("/etc/passwd", join(folder, "profiles/link"))],
    ["a file above the limit", () => write("deploy.JSON", `{"x":"${"x".repeat(4_200_000)}"}`)],
    [
      "a profile that is called policy.json",
      () => write("traces/nginx/policy.json", '{"defaultAction":"SCMP_ACT_ALLOW"}'),
    ],
    ["another ending", () => write("a.SECCOMP", '{"defaultAction":"SCMP_ACT_ALLOW"}')],
  ])("for %s", (_, place) => {
    place();
    expect(run("review", "HEAD").code).toBe(1);
  });
});

describe("no line of output is a command to CI", { timeout: 120_000 }, () => {
  test("whatever bytes files and names hold", () => {
    const evil = "x\n::add-mask::fine\r::stop-commands::x\n##[add-mask]y";
    write("profiles/a\n::error::b.json", '{"defaultAction": "SCMP_ACT_ALLOW"}');
    write("profiles/c.json", JSON.stringify({ defaultAction: evil, syscalls: [] }));
    write("profiles/d.json", `${evil}{`);
    mkdirSync(join(folder, "traces/e"));
    write("traces/e/recording.json", JSON.stringify({ version: 1, name: evil, runs: [], syscalls: {} }));
    write("traces/e/policy.json", evil);
    for (const args of [
      ["review", "HEAD", "--format", "text"],
      ["review", "HEAD"],
      ["lint", "profiles/c.json"],
      ["lint", "profiles/d.json"],
      ["generate", "traces/e/recording.json"],
      ["generate", "--all"],
      ["git-textconv", "profiles/d.json"],
    ])
      expect(run(...args).out).not.toMatch(/(^|[\r\n])\s*::/);
    expect(run("review", "HEAD").out).not.toContain("##[");
  });
});

describe("the ceiling is the user's", { timeout: 120_000 }, () => {
  const recording = (engine: string): string =>
    JSON.stringify({
      version: 1,
      name: "a",
      runs: [{ source: "container", command: ["docker"], versions: { engine }, ended: "exited" }],
      syscalls: {
        SCMP_ARCH_X86_64: {
          bpf: { calls: 1, results: ["ok"], processes: ["a"] },
          read: { calls: 1, results: ["ok"], processes: ["a"] },
        },
      },
    });

  test.each(["wide.json", "/etc/shadow", "20.10\n::x", "1.2.3/../../wide.json"])(
    "no recording names a file: %s",
    (engine) => {
      mkdirSync(join(folder, "traces/a"));
      write("wide.json", '{"defaultAction":"SCMP_ACT_ALLOW"}');
      write("traces/a/recording.json", recording(engine));
      const { code, out } = run("generate", "traces/a/recording.json");
      expect([code, out]).toEqual([2, expect.stringMatching(/\/runs\/0\/versions\/engine: must match pattern/)]);
    },
  );

  test("what policy.json names lies in the repository, is regular and bounded", () => {
    mkdirSync(join(folder, "traces/a"));
    write("traces/a/recording.json", recording("28.5.2"));
    symlinkSync("/etc/shadow", join(folder, "link.json"));
    execFileSync("mkfifo", [join(folder, "fifo.json")]);
    for (const against of ["/etc/shadow", "../x.json", "link.json", "fifo.json"]) {
      write("traces/a/policy.json", JSON.stringify({ against }));
      expect(run("generate", "--all")).toMatchObject({ code: 2, out: expect.stringMatching(/cannot read /) });
    }
    write("own.json", '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}');
    write("traces/a/policy.json", '{"against":"own.json"}');
    expect(run("generate", "--all").code).toBe(0);
  });

  test("a failed probe of another architecture's number widens nothing", () => {
    write(
      "x32.log",
      '1 execve("./a", ["./a"], 0x1 /* 1 vars */) = 0\n' +
        "1 [2147483647] syscall_0x7fffffff(0, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)\n" +
        "1 exit_group(0) = ?\n1 +++ exited with 0 +++\n",
    );
    expect(run("generate", "x32.log").out).toContain('"architectures": ["SCMP_ARCH_X86_64"]');
  });
});
