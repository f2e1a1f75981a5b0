import { execa } from "execa";
import { expect, test } from "vitest";
import { cli, product, workplace } from "../support/product.ts";

const base = "seccomp-gen-base:bookworm";

/** Records a command, asks which other protections it tolerates, and runs the suggested command. */
async function suggested(
  run: readonly string[],
  exercise: readonly string[] = [],
): Promise<{ command: string; compose: string; stderr: string; folder: string }> {
  const folder = await workplace();
  const recorded = await product(folder, [
    "record",
    "--name",
    "app",
    ...exercise,
    "--",
    "docker",
    "run",
    "--rm",
    "--network",
    "none",
    ...run,
  ]);
  expect(recorded.stderr, recorded.stderr).toContain("profile made");
  const { stdout, stderr, exitCode } = await execa(
    process.execPath,
    [
      cli,
      "verify",
      "profiles/app.json",
      "--suggest-hardening",
      ...exercise,
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      ...run,
    ],
    { cwd: folder, reject: false, stdin: "ignore", timeout: 400_000 },
  );
  expect(exitCode, stderr).toBe(0);
  const at = stdout.indexOf("docker run ");
  const [command = "", ...compose] = stdout.slice(at).split("\n");
  return { command, compose: compose.join("\n"), stderr, folder };
}

test("a program that needs no privileges keeps none, and the suggested command does the same", async () => {
  const { command, compose, stderr, folder } = await suggested([base, "sh", "-c", "echo 'a b' > /tmp/x; cat /tmp/x"]);
  expect(command).toBe(
    "docker run --rm --network none --cap-drop ALL --security-opt no-new-privileges --read-only " +
      `--tmpfs /tmp --security-opt seccomp=profiles/app.json ${base} sh -c 'echo '\\''a b'\\'' > ` +
      "/tmp/x; cat /tmp/x'",
  );
  expect(compose).toMatch(
    [
      "cap_drop:",
      '      - "ALL"',
      "    read_only: true",
      "    tmpfs:",
      '      - "/tmp"',
      "    security_opt:",
      '      - "no-new-privileges:true"',
      '      - "seccomp=./profiles/app.json"',
    ].join("\n"),
  );
  expect(stderr).toMatch(/capabilities: needs none; 14 dropped/);
  expect((await execa(command, { shell: true, cwd: folder })).stdout).toBe("a b");
}, 400_000);

test("what is needed stays: capabilities, new privileges, a folder with files of the image", async () => {
  // chown needs a capability. su gives up privileges. passwd is setuid, so the user nobody gains privileges by it. The
  // script reads a file that the image has in dpkg's folder.
  const script =
    "touch /tmp/x && chown 77 /tmp/x && su -s /bin/sh nobody -c 'passwd -S' && head -c 0 " +
    "/var/lib/dpkg/status && echo x >> /var/lib/dpkg/status && grep -c ^Package: " +
    "/var/lib/dpkg/status > /dev/null && echo done";
  const capabilities = ["CHOWN", "SETUID", "SETGID", "NET_RAW"].flatMap((name) => ["--cap-add", name]);
  const { command, stderr, folder } = await suggested([
    "--cap-drop",
    "ALL",
    ...capabilities,
    "--security-opt",
    "seccomp=unconfined",
    "--security-opt",
    "apparmor=unconfined",
    base,
    "sh",
    "-c",
    script,
  ]);
  expect(stderr).toMatch(/capabilities: needs CAP_CHOWN, CAP_SETGID, CAP_SETUID; 1 dropped/);
  expect(stderr).toMatch(/no-new-privileges: not tolerated/);
  expect(command).toContain(
    "--cap-drop ALL --cap-add CHOWN --cap-add SETGID --cap-add SETUID --read-only --tmpfs /tmp " +
      "--volume /var/lib/dpkg",
  );
  expect(command).not.toContain("unconfined");
  expect((await execa(command, { shell: true, cwd: folder })).stdout).toMatch(/done$/);
}, 400_000);

test("verify that is interrupted between its runs says so and suggests nothing", async () => {
  const folder = await workplace();
  const run = ["docker", "run", "--rm", "--network", "none", base, "true"];
  expect((await product(folder, ["record", "--name", "app", "--", ...run])).stderr).toContain("profile made");
  const child = execa(process.execPath, [cli, "verify", "profiles/app.json", "--suggest-hardening", "--", ...run], {
    cwd: folder,
    reject: false,
    stdin: "ignore",
    timeout: 100_000,
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    const before = /run \d+: /.test(said);
    said += data.toString();
    if (!before && /run \d+: /.test(said)) child.kill("SIGINT");
  });
  const { exitCode, stdout, stderr } = await child;
  expect(exitCode, stderr).toBe(2);
  expect(stderr).toMatch(/interrupted, so there is no suggestion$/);
  expect(stdout).not.toContain("docker run");
}, 200_000);
