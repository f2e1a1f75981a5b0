import { describe, expect, test } from "vitest";
import { startedProcess, type Image } from "../../../src/run/container/image.ts";
import { redactedCommand } from "../../../src/run/container/redaction.ts";
import {
  choosesSeccomp,
  containerCliIndex,
  parseRunCommand,
  runWords,
  type RunCommand,
} from "../../../src/run/container/run-command.ts";
import type { OptionWords } from "../../../src/run/container/run-options.ts";
import { securityContext } from "../../../src/run/container/security.ts";
import { sideProcesses } from "../../../src/run/container/side-processes.ts";

const option = (name: string, value?: string): OptionWords => ({
  words: value === undefined ? [`--${name}`] : [`--${name}`, value],
  settings: [{ name, value }],
});

const runOf = (options: OptionWords[], ...command: string[]): RunCommand => ({
  cli: { tool: "docker", words: ["docker"] },
  options,
  image: "app:1",
  command,
});

const image: Image = {
  reference: "app:1",
  digest: "sha256:0",
  architecture: "amd64",
  entrypoint: ["/entry", "a b"],
  command: ["serve"],
  user: "",
  stopSignal: "",
  healthcheck: ["CMD-SHELL", "curl -f localhost"],
  healthInterval: undefined,
  volumes: [],
};

describe("containerCliIndex", () => {
  test.each([
    ["docker run x", 0],
    ["sudo docker run x", 1],
    ["sudo -E -u root docker run x", 4],
    ["DOCKER_HOST=tcp://h docker run x", 1],
    ["env A=b /usr/bin/podman run x", 2],
    ["./app docker", undefined],
    ["sudo ls", undefined],
  ])("%s", (line, expected) => expect(containerCliIndex(line.split(" "))).toBe(expected));
});

test.each(["docker-compose up web", "sudo docker-compose run web", "podman-compose up"])(
  "%s is not traced as a program of this host",
  async (line) => {
    await expect(parseRunCommand(line.split(" "))).rejects.toThrow(/-compose \w+ cannot be recorded/);
  },
);

describe("startedProcess", () => {
  test.each<[string, OptionWords[], string[], string[]]>([
    ["image's own", [], [], ["/entry", "a b", "serve"]],
    ["command from the words after the image", [], ["x", "--", "-y"], ["/entry", "a b", "x", "--", "-y"]],
    ["--entrypoint drops the image's command", [option("entrypoint", "/bin/sh")], [], ["/bin/sh"]],
    ["--entrypoint '' resets", [option("entrypoint", "")], ["ls"], ["ls"]],
  ])("%s", (_, options, command, expected) =>
    expect(startedProcess(runOf(options, ...command), image)).toEqual(expected),
  );

  test("nothing to start is an error", () =>
    expect(() => startedProcess(runOf([]), { ...image, entrypoint: [], command: [] })).toThrow(
      /neither entrypoint nor command/,
    ));
});

describe("runWords", () => {
  test("all but what is left out stays verbatim and in order", () => {
    const run = runOf(
      [option("security-opt", "seccomp=x.json"), option("security-opt", "no-new-privileges"), option("e", "A=b")],
      "ls",
    );
    expect(runWords(run, { without: choosesSeccomp, options: ["--label", "x"], command: undefined })).toEqual([
      "run",
      "--security-opt",
      "no-new-privileges",
      "--e",
      "A=b",
      "--label",
      "x",
      "app:1",
      "ls",
    ]);
  });
});

describe("redactedCommand", () => {
  test("keeps no value of environment, label, mount, name or argument", () => {
    const secret = "CANARY";
    const names = [
      "env",
      "env-file",
      "label",
      "volume",
      "name",
      "hostname",
      "add-host",
      "mount",
      "entrypoint",
      "workdir",
      "health-cmd",
      "user",
      "security-opt",
      "zz-future-option",
    ];
    const text = JSON.stringify(
      redactedCommand(
        runOf(
          names.map((name) => option(name, secret)),
          secret,
        ),
      ),
    );
    expect(text).not.toContain(secret);
    for (const name of names) expect(text).toContain(`--${name}`);
  });

  test("keeps what bears on the filter", () => {
    expect(
      redactedCommand(runOf([option("cap-add", "NET_ADMIN"), option("security-opt", "no-new-privileges:true")])),
    ).toEqual(["docker", "run", "--cap-add=NET_ADMIN", "--security-opt=no-new-privileges:true", "IMAGE"]);
  });
});

describe("securityContext", () => {
  const defaults = { all: ["CAP_A", "CAP_B", "CAP_SYS_ADMIN"], granted: ["CAP_A", "CAP_B"], noNewPrivileges: false };
  test.each<[string, OptionWords[], string[]]>([
    ["default", [], ["CAP_A", "CAP_B"]],
    ["add with and without prefix", [option("cap-add", "sys_admin")], ["CAP_A", "CAP_B", "CAP_SYS_ADMIN"]],
    ["drop all, add one", [option("cap-drop", "ALL"), option("cap-add", "CAP_B")], ["CAP_B"]],
    ["add all, drop one", [option("cap-add", "ALL"), option("cap-drop", "b")], ["CAP_A", "CAP_SYS_ADMIN"]],
    ["all, in its other spelling", [option("cap-add", "cap_all")], ["CAP_A", "CAP_B", "CAP_SYS_ADMIN"]],
    ["privileged", [option("privileged")], ["CAP_A", "CAP_B", "CAP_SYS_ADMIN"]],
  ])("%s", (_, options, expected) => expect(securityContext(runOf(options), defaults).capabilities).toEqual(expected));

  test.each([
    ["no-new-privileges", true],
    ["no-new-privileges:true", true],
    ["no-new-privileges=false", false],
    ["label=disable", false],
  ])("%s", (value, expected) =>
    expect(securityContext(runOf([option("security-opt", value)]), defaults).noNewPrivileges).toBe(expected),
  );
});

describe("sideProcesses", () => {
  test("the image's health check in shell form, and --exec words", () => {
    expect(sideProcesses(runOf([]), image, ["redis-cli ping", "echo $HOME"])).toEqual([
      { label: "HEALTHCHECK", words: ["/bin/sh", "-c", "curl -f localhost"], every: 30_000 },
      { label: "--exec redis-cli ping", words: ["redis-cli", "ping"] },
      { label: "--exec echo $HOME", words: ["/bin/sh", "-c", "echo $HOME"] },
    ]);
  });
  test("--no-healthcheck", () => expect(sideProcesses(runOf([option("no-healthcheck")]), image, [])).toEqual([]));
  test("--health-cmd replaces the image's", () =>
    expect(sideProcesses(runOf([option("health-cmd", "true")]), image, [])).toEqual([
      { label: "HEALTHCHECK", words: ["/bin/sh", "-c", "true"], every: 30_000 },
    ]));
  test.each([
    ["1m30s", 90_000],
    [".5s", 500],
    ["250ms", 250],
    ["0s", 30_000],
    ["soon", 30_000],
  ])("--health-interval %s", (interval, every) => {
    expect(sideProcesses(runOf([option("health-interval", interval)]), image, [])).toMatchObject([{ every }]);
  });
  test("the image's interval", () =>
    expect(sideProcesses(runOf([]), { ...image, healthInterval: 2000 }, [])).toMatchObject([{ every: 2000 }]));
});
