import { execa } from "execa";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runs } from "../support/machine.ts";
import { cli, docker, product, workplace } from "../support/product.ts";

/** Containers of every shape. Each must do the same by itself, under the recorder, and under its profile. */
const base = "seccomp-gen-base:bookworm";
/**
 * An image FROM scratch with two static programs. The entrypoint is one program of many shapes (shapes.c). The other
 * program is linked with musl.
 */
const shapes = "seccomp-gen-test-shapes";
/** sudo, ping with a file capability, a user alice, and an entrypoint of several words. */
const users = "seccomp-gen-test-users";
let usersId = "";

beforeAll(async () => {
  for (const name of ["shapes", "users"]) {
    await execa(
      "docker",
      [
        "build",
        "-q",
        "--network",
        "host",
        "-t",
        `seccomp-gen-test-${name}`,
        fileURLToPath(new URL(`workloads/${name}/`, import.meta.url)),
      ],
      { env: { DOCKER_BUILDKIT: "0" }, timeout: 600_000 },
    );
  }
  usersId = (await docker("image", "inspect", "--format", "{{.Id}}", users)).stdout;
});

interface Recorded {
  readonly folder: string;
  readonly stderr: string;
  /** The programs that made each call. */
  readonly callers: Readonly<Record<string, readonly string[]>>;
}

async function callersIn(folder: string): Promise<Recorded["callers"]> {
  const { syscalls } = JSON.parse(await readFile(join(folder, "traces/app/recording.json"), "utf8")) as {
    syscalls: Record<string, Record<string, { processes: string[] }>>;
  };
  return Object.fromEntries(
    Object.entries(syscalls["SCMP_ARCH_X86_64"] ?? {}).map(([name, { processes }]) => [name, processes]),
  );
}

/** Runs a command as it is, recorded, and under its profile. Compares exit code and output of all three. */
async function sameThreeTimes(
  words: readonly string[],
  expected: {
    readonly stdout?: string | RegExp;
    readonly exitCode?: number;
    readonly env?: Record<string, string>;
  } = {},
): Promise<Recorded> {
  const folder = await workplace();
  const run = ["run", "--rm", "--network", "none", ...words];
  const plain = await execa("docker", run, { reject: false, stdin: "ignore", cwd: folder, env: expected.env ?? {} });
  expect(plain.exitCode, plain.stderr).toBe(expected.exitCode ?? 0);
  if (expected.stdout !== undefined) expect(plain.stdout).toMatch(expected.stdout);
  const recorded = await product(folder, ["record", "--name", "app", "--", "docker", ...run], expected.env);
  expect(recorded, recorded.stderr).toMatchObject({ exitCode: plain.exitCode, stdout: plain.stdout });
  const confined = await execa(
    "docker",
    ["run", "--security-opt", `seccomp=${folder}/profiles/app.json`, ...run.slice(1)],
    { reject: false, stdin: "ignore", cwd: folder, env: expected.env ?? {} },
  );
  expect({ exitCode: confined.exitCode, stdout: confined.stdout, stderr: confined.stderr }).toEqual({
    exitCode: plain.exitCode,
    stdout: plain.stdout,
    stderr: plain.stderr,
  });
  return { folder, stderr: recorded.stderr, callers: await callersIn(folder) };
}

describe.concurrent("processes are recorded whole, and run the same under the profile", () => {
  test("a program executed by a thread that is not the first", async () => {
    const { callers } = await sameThreeTimes([shapes, "thread"], { stdout: "executed" });
    expect(callers["getpriority"]).toEqual(["shapes"]);
  });

  test("a daemon that has forked twice and outlives its parent", async () => {
    const { callers } = await sameThreeTimes([shapes, "daemon"], { stdout: "daemon" });
    expect(callers["getpriority"]).toEqual(["shapes"]);
  });

  test.each([[], ["--init"], ["--pid=host"]])(
    "a child that is still there when the first process ends (options: %j)",
    async (...options) => {
      const { callers } = await sameThreeTimes([...options, shapes, "orphan"], { stdout: "gone" });
      expect(callers["getpriority"]).toEqual(["shapes"]);
    },
  );

  test("a script that becomes another program", async () => {
    const { callers } = await sameThreeTimes([base, "sh", "-c", "exec nice -n 1 perl -e 'print qq(perl\\n)'"], {
      stdout: "perl",
    });
    expect(callers["setpriority"]).toEqual(["nice"]);
  });
});

describe.concurrent("images of every shape run the same while they are recorded and under the profile", () => {
  test("from scratch, linked with musl", async () => {
    const { callers } = await sameThreeTimes(["--entrypoint", "/musl", shapes], { stdout: "musl" });
    expect(callers["writev"]).toEqual(["musl"]);
  });

  test("entrypoint and command of the image", async () => void (await sameThreeTimes([users], { stdout: "point" })));
  test("the entrypoint reset", async () =>
    void (await sameThreeTimes(["--entrypoint", "", users, "printenv", "FROM_IMAGE"], { stdout: "image" })));

  test("commands in shell form, entrypoints that were reset by the image, health checks turned off", async () => {
    const folder = await workplace();
    await writeFile(
      join(folder, "Dockerfile"),
      `FROM ${users}\nENTRYPOINT []\nHEALTHCHECK CMD false\nCMD echo "$FROM_IMAGE" | tr a-z A-Z\n`,
    );
    await execa("docker", ["build", "-q", "-t", "seccomp-gen-test-shell-form", folder], {
      env: { DOCKER_BUILDKIT: "0" },
    });
    const { stderr } = await sameThreeTimes(["--no-healthcheck", "seccomp-gen-test-shell-form"], { stdout: "IMAGE" });
    expect(stderr).not.toContain("HEALTHCHECK");
    expect(stderr).not.toContain("tracer");
  });

  test("an image that is named by its id, with its own entrypoint and another command", async () =>
    void (await sameThreeTimes([usersId, "env"], { stdout: "ENTRY=point" })));
});

describe.concurrent("options of docker mean the same in a recording and under the profile", () => {
  test("joined short options, a user number that the image does not know, --env-file", async () => {
    const folder = await workplace();
    await writeFile(join(folder, "env"), "FROM_FILE=a b\n");
    await sameThreeTimes(
      [
        "-eA=b c",
        "-w/tmp",
        "-iu77:88",
        "--env-file",
        join(folder, "env"),
        base,
        "sh",
        "-c",
        "echo $A; pwd; id -u; id -g; echo $FROM_FILE",
      ],
      { stdout: "b c\n/tmp\n77\n88\na b" },
    );
  });

  test("--volumes-from", async () => {
    const { stdout: keeper } = await docker("create", "-v", "/kept", base, "true");
    try {
      await sameThreeTimes(["--volumes-from", keeper, base, "sh", "-c", "grep -c ' /kept ' /proc/mounts"], {
        stdout: "1",
      });
    } finally {
      await docker("rm", "-fv", keeper);
    }
  });

  test("--read-only, --tmpfs, --cap-drop ALL, no-new-privileges, --init", async () => {
    const options = [
      "--read-only",
      "--tmpfs",
      "/scratch:size=1m",
      "--cap-drop",
      "ALL",
      "--security-opt",
      "no-new-privileges",
      "--init",
    ];
    await sameThreeTimes(
      [
        ...options,
        base,
        "sh",
        "-c",
        "touch /no 2>/dev/null || echo x > /scratch/x; ls /scratch; grep -c 'CapEff:.0000000000000000' " +
          "/proc/self/status; exit 4",
      ],
      { stdout: "x\n1", exitCode: 4 },
    );
  });

  test("arguments of the program that look like options, also --", async () => {
    const { callers } = await sameThreeTimes(
      [shapes, "arguments", "--rm", "--", "-it", "--entrypoint", "x", "", "a  b"],
      { stdout: "--rm\n--\n-it\n--entrypoint\nx\n\na  b" },
    );
    expect(callers["write"] ?? callers["writev"]).toEqual(["shapes"]);
  });

  test.each([
    ["a limit of five processes", ["--pids-limit", "5", base, "sh", "-c", "echo few"], "few"],
    ["a working folder that the engine makes", ["-w", "/no/such/folder", base, "pwd"], "/no/such/folder"],
    [
      "a program with another name than its file",
      [base, "bash", "-c", 'exec -a odd sh -c \'echo $0; tr "\\0" " " < /proc/$$/cmdline\''],
      /^odd\nodd -c/,
    ],
    ["a user with a high number", ["--user", "2000000000:2000000001", base, "id", "-u"], "2000000000"],
    ["the host's user namespace", ["--userns", "host", base, "id", "-u"], "0"],
    ["bytes that are no text", [base, "printf", "%s", '\u0001\u007f \t"'], '\u0001\u007f \t"'],
    ["many arguments", [base, "sh", "-c", "echo $#", ...Array.from({ length: 15_000 }, String)], "14999"],
  ] as const)("%s", async (_, run, stdout) => void (await sameThreeTimes([...run], { stdout })));

  test("a device that this host lacks: the engine's own complaint", async () => {
    const recorded = await product(await workplace(), [
      "record",
      "--name",
      "app",
      "--",
      "docker",
      "run",
      "--rm",
      "--gpus",
      "all",
      base,
      "true",
    ]);
    expect(recorded).toMatchObject({
      exitCode: 125,
      stderr: expect.stringMatching(/could not select device driver/) as string,
    });
  });

  test("a command in another context, and the same command with sudo", async ({ skip }) => {
    const folder = await workplace();
    const config = join(folder, "config");
    await execa(
      "docker",
      [
        "--config",
        config,
        "context",
        "create",
        "there",
        "--docker",
        `host=${process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock"}`,
      ],
      { env: { DOCKER_HOST: "" } },
    );
    const words = [
      "docker",
      "--config",
      config,
      "--context",
      "there",
      "run",
      "--rm",
      "--network",
      "none",
      base,
      "echo",
      "out",
    ];
    expect(await product(folder, ["record", "--name", "app", "--", ...words])).toMatchObject({
      exitCode: 0,
      stdout: "out",
    });
    skip(!runs("sudo", "-n", "true"), "there is no sudo here that asks for no password");
    expect(await product(folder, ["record", "--name", "root", "--", "sudo", "-n", ...words])).toMatchObject({
      exitCode: 0,
      stdout: "out",
    });
  });

  test("options before the verb, and a verb of two words", async () => {
    const folder = await workplace();
    const recorded = await product(folder, [
      "record",
      "--name",
      "app",
      "--",
      "env",
      "X=y",
      "docker",
      "--log-level",
      "error",
      "container",
      "run",
      "--rm",
      "--network=none",
      base,
      "echo",
      "out",
    ]);
    expect(recorded).toMatchObject({ exitCode: 0, stdout: "out" });
  });

  test("options of a CLI that is newer than seccomp-gen", async () => {
    const folder = await workplace();
    await mkdir(join(folder, "bin"));
    // This script has two more options than the real CLI. It must get them as the user wrote them. Then it runs the
    // real CLI.
    const script =
      `#!/bin/bash\nPATH=\${PATH#*:}\nwords=()\nif [[ $* == "run --help" ]]; then docker run --help; ` +
      `echo '      --hologram string                Projection'; echo '      --quantum                 ` +
      `       Be there and not'; exit; fi\nwhile [ $# -gt 0 ]; do case $1 in --hologram) [ "$2" = 'a ` +
      `b' ] || exit 99; shift 2;; --quantum) shift;; *) words+=("$1"); shift;; esac; done\nexec docker ` +
      `"\${words[@]}"\n`;
    await writeFile(join(folder, "bin/docker"), script);
    await chmod(join(folder, "bin/docker"), 0o755);
    await sameThreeTimes(["--hologram", "a b", "--quantum", base, "echo", "there"], {
      stdout: "there",
      env: { PATH: `${folder}/bin:${process.env["PATH"] ?? ""}` },
    });
  });
});

describe.concurrent("programs that gain privilege gain it in a recording and under the profile too", () => {
  test("ping, by a file capability, for a user by name", async () =>
    void (await sameThreeTimes(
      [
        "--user",
        "alice",
        "--entrypoint",
        "sh",
        users,
        "-c",
        "ping -q -c 1 -w 5 127.0.0.1 | grep transmitted | cut -d, -f1-2",
      ],
      { stdout: /1 received/ },
    )));
  test("sudo gains privilege, and su gives it up", async () =>
    void (await sameThreeTimes(
      [
        "-h",
        "localhost",
        "--user",
        "alice",
        "--entrypoint",
        "sudo",
        users,
        "-n",
        "sh",
        "-c",
        "id -u; su alice -c 'id -un'",
      ],
      { stdout: "0\nalice" },
    )));

  test("verify traces sudo with its privilege, and names the call of root that the profile denies", async () => {
    const folder = await workplace();
    const run = [
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      "-h",
      "localhost",
      "--user",
      "alice",
      "--entrypoint",
      "sudo",
      users,
      "-n",
      "id",
      "-u",
    ];
    expect((await product(folder, ["record", "--name", "app", "--", ...run])).exitCode).toBe(0);
    const profile = JSON.parse(await readFile(join(folder, "profiles/app.json"), "utf8")) as {
      syscalls: { names: string[]; action: string }[];
    };
    for (const group of profile.syscalls)
      if (group.action === "SCMP_ACT_ALLOW") group.names = group.names.filter((name) => name !== "socket");
    await writeFile(
      join(folder, "broken.json"),
      JSON.stringify({ ...profile, syscalls: profile.syscalls.filter(({ names }) => names.length > 0) }),
    );
    const verified = await product(folder, ["verify", "broken.json", "--expect-exit", "0", "--", ...run]);
    expect(verified.stderr).toMatch(
      /the cause: the profile denies socket\n[^]*sudo: socket\(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT\)/,
    );
  });
});

describe.concurrent("record reports programs that look for a tracer, and makes their profile", () => {
  test("by ptrace", async () => {
    const recorded = await product(await workplace(), [
      "record",
      "--name",
      "app",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      shapes,
      "ptrace",
    ]);
    expect(recorded.stderr).toMatch(/shapes: traces processes itself \(ptrace\)[^]*profile made/);
  });

  test("in /proc/self/status", async () => {
    const recorded = await product(await workplace(), [
      "record",
      "--name",
      "app",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      shapes,
      "status",
    ]);
    expect(recorded.stderr).toMatch(
      /shapes: read \/proc\/self\/status, which shows whether a process is traced[^]*profile made/,
    );
  });
});

describe.concurrent("signals", () => {
  test.each(["INT", "HUP"])("%s reaches the program", async (signal) => {
    const folder = await workplace();
    const exercise =
      `docker kill --signal ${signal} $SECCOMP_GEN_CONTAINER; docker wait $SECCOMP_GEN_CONTAINER; ` + "sleep 5";
    const ran = await product(folder, [
      "record",
      "--name",
      "app",
      "--while",
      `until docker logs $SECCOMP_GEN_CONTAINER | grep waiting; do sleep 0.1; done; ${exercise}`,
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      shapes,
      "signal",
    ]);
    expect(ran, ran.stderr).toMatchObject({ exitCode: 7, stdout: `waiting\ngot ${signal}` });
  });

  test("the stop signal and the stop timeout are the container's own", async () => {
    const begun = performance.now();
    const slow = await product(await workplace(), [
      "record",
      "--name",
      "app",
      "--stop-after",
      "0.5",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      "--stop-signal",
      "USR1",
      "--stop-timeout",
      "30",
      base,
      "bash",
      "-c",
      'trap "sleep 12; echo ended; exit" USR1; echo up; while :; do sleep 0.1; done',
    ]);
    expect(slow).toMatchObject({ exitCode: 0, stdout: "up\nended" });
    expect(performance.now() - begun).toBeGreaterThan(12_000); // longer than the engine's own patience
  });
});

const hasTerminal = runs("sh", "-c", "command -v script && command -v stty");
describe.concurrent("with a terminal (script(1))", () => {
  beforeEach(({ skip }) => skip(!hasTerminal, "script or stty is not installed"));

  /**
   * The output of a command on a terminal of 77 columns. `type` gets the output so far, and returns what the user types
   * then.
   */
  async function onTerminal(command: readonly string[], type?: (shown: string) => string | undefined): Promise<string> {
    const quoted = command.map((word) => `'${word}'`).join(" ");
    const child = execa("script", ["-qec", `stty rows 33 cols 77; ${quoted}; echo ended with $?`, "/dev/null"], {
      cwd: await workplace(),
      reject: false,
      timeout: 60_000,
      buffer: false,
    });
    let shown = "";
    child.stdout.on("data", (chunk: Buffer) => {
      shown += chunk.toString("utf8");
      const typed = type?.(shown);
      if (typed !== undefined) {
        type = undefined;
        child.stdin.write(typed);
      }
    });
    await child;
    return shown;
  }
  const recorded = (...run: readonly string[]): readonly string[] => [
    process.execPath,
    cli,
    "record",
    "--name",
    "app",
    "--",
    "docker",
    "run",
    "--rm",
    "--network",
    "none",
    ...run,
  ];

  test("the program sees the size of the user's terminal", async () => {
    // The CLI sets the size after the container has started. A program that asks at once may be too early. The
    // recording makes no difference to that.
    const script = 'for try in $(seq 50); do [ "$(stty size)" = "0 0" ] || break; sleep 0.1; done; stty size';
    expect(await onTerminal(recorded("-it", base, "sh", "-c", script))).toMatch(/33 77[^]*ended with 0/);
  });

  test("Ctrl-C goes to the program, and the recording has what the program did", async () => {
    const shown = await onTerminal(recorded("-it", shapes, "signal"), (soFar) =>
      soFar.includes("waiting") ? "\u0003" : undefined,
    );
    expect(shown).toMatch(/got INT[^]*profile made[^]*ended with 7/);
  });

  test("Ctrl-C without -t goes to the program as well", async () => {
    const shown = await onTerminal(recorded(shapes, "signal"), (soFar) =>
      soFar.includes("waiting") ? "\u0003" : undefined,
    );
    expect(shown).toMatch(/got INT[^]*profile made/);
  });
});

test("a container in the background: one id on stdout, and Ctrl-C stops and records it", async () => {
  const folder = await workplace();
  const child = execa(
    process.execPath,
    [
      cli,
      "record",
      "--name",
      "app",
      "--",
      "docker",
      "run",
      "-d",
      "--rm",
      "--network",
      "none",
      "--stop-timeout",
      "1",
      shapes,
      "signal",
    ],
    { cwd: folder, reject: false, stdin: "ignore" },
  );
  for (
    let tries = 0;
    tries < 100 && (await docker("ps", "-q", "--filter", `ancestor=${shapes}`)).stdout === "";
    tries += 1
  )
    await delay(100);
  await delay(1500);
  child.kill("SIGINT");
  const { stdout, stderr, exitCode } = await child;
  expect(stdout).toMatch(/^[0-9a-f]{64}$/);
  expect(stderr).toContain("profile made");
  expect(exitCode).toBe(0);
});
