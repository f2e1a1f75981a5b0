import { expect, test } from "vitest";
import {
  heldExec,
  heldSpec,
  imageConfig,
  parseToken,
  startedWords,
  withSeccomp,
} from "../../../src/run/gateway/hold.ts";
import { commitChanges, releasedInspect, releasedListed } from "../../../src/run/gateway/restore.ts";

const image = imageConfig({ Entrypoint: ["/entry"], Cmd: ["serve"], Healthcheck: { Test: ["CMD-SHELL", "curl x"] } });
const none = imageConfig({ Cmd: ["sh"] });
const holding = { token: "0a", gateVolume: "gate" };
const hold = ["/.seccomp-gen/hold", "0a-main"];

/** The program that moby makes from entrypoint and command (daemon/commit.go, merge). */
test.each([
  ["nothing", {}, ["/entry"], ["serve"]],
  ["a command", { Cmd: ["x"] }, ["/entry"], ["x"]],
  ["an entrypoint drops the command", { Entrypoint: ["/e"] }, ["/e"], []],
  ["an entrypoint as text", { Entrypoint: "/e", Cmd: ["x"] }, ["/e"], ["x"]],
  ["an empty word takes the entrypoint away", { Entrypoint: [""], Cmd: ["x"] }, [], ["x"]],
  ["an empty list keeps the command", { Entrypoint: [] }, [], ["serve"]],
  ["members in another case", { cmd: ["x"], ENTRYPOINT: ["/e"] }, ["/e"], ["x"]],
])("%s", (_, body, entrypoint, command) => {
  expect(startedWords(body, image)).toEqual({ entrypoint, command });
});

test("the holder stands before the entrypoint, else before the command", () => {
  expect(heldSpec({}, image, holding)).toMatchObject({ Entrypoint: [...hold, "/entry"], Cmd: ["serve"] });
  const bare = heldSpec({ Image: "i" }, none, holding);
  expect(bare).toMatchObject({ Image: "i", Cmd: [...hold, "sh"] });
  expect(bare).not.toHaveProperty("Entrypoint");
  expect(heldSpec({ cmd: ["a"] }, none, holding)).not.toHaveProperty("cmd");
});

test("the gate is mounted, and nothing of the container's own is lost", () => {
  const held = heldSpec({ HostConfig: { Binds: ["/a:/b"], Memory: 5 } }, none, holding);
  expect(held["HostConfig"]).toEqual({ Binds: ["/a:/b", "gate:/.seccomp-gen:ro,nocopy"], Memory: 5 });
});

test("a health check of the image is held without its times, and one that is switched off stays off", () => {
  expect(heldSpec({}, image, holding)["Healthcheck"]).toEqual({
    Test: ["CMD", "/.seccomp-gen/hold", "0a-shell", "/bin/sh", "-c", "curl x"],
  });
  expect(heldSpec({ Healthcheck: { Test: ["NONE"] } }, image, holding)["Healthcheck"]).toEqual({ Test: ["NONE"] });
});

test("without a program the request stays as it is: the engine refuses it", () => {
  expect(heldSpec({ Image: "scratch" }, imageConfig({}), holding)).toEqual({ Image: "scratch" });
});

test("a profile takes the place of the one that was chosen; others stay", () => {
  const body = { HostConfig: { SecurityOpt: ["seccomp=unconfined", "no-new-privileges"] } };
  expect(withSeccomp(body, "{}")).toEqual({ HostConfig: { SecurityOpt: ["no-new-privileges", "seccomp={}"] } });
  expect(withSeccomp(body, undefined)).toEqual({ HostConfig: { SecurityOpt: ["no-new-privileges"] } });
});

test("what the engine says of a held container is what was asked for", () => {
  const held = heldSpec({ Entrypoint: ["/e"], Cmd: ["a", "b"], HostConfig: { Binds: null } }, image, holding);
  const host = held["HostConfig"] as object;
  const inspected = {
    Id: "1",
    Path: "/.seccomp-gen/hold",
    Args: ["0a-main", "/e", "a", "b"],
    Config: held,
    HostConfig: host,
    Mounts: [{ Destination: "/.seccomp-gen" }, { Destination: "/x" }],
  };
  expect(releasedInspect(inspected, { hadBinds: false, securityOptions: undefined })).toMatchObject({
    Path: "/e",
    Args: ["a", "b"],
    Config: { Entrypoint: ["/e"], Cmd: ["a", "b"], Healthcheck: { Test: ["CMD-SHELL", "curl x"] } },
    HostConfig: { Binds: null },
    Mounts: [{ Destination: "/x" }],
  });
});

test("a list shows the user's containers with their own words, and not ours", () => {
  expect(releasedListed({ Command: "/.seccomp-gen/hold 0a-main sh -c 'a b'", Labels: {} })).toMatchObject({
    Command: "sh -c 'a b'",
  });
  expect(releasedListed({ Command: "/.seccomp-gen/keeper", Labels: { "seccomp-gen.session": "1@h" } })).toBeUndefined();
});

test("a commit gets back entrypoint, command and health check, in an order that keeps the command", () => {
  const held = heldSpec(
    { Entrypoint: ["/e"], Cmd: ["a"], Healthcheck: { Test: ["CMD", "true"], Interval: 9e9 } },
    image,
    holding,
  );
  expect(commitChanges(held)).toEqual([
    'ENTRYPOINT ["/e"]',
    'CMD ["a"]',
    'HEALTHCHECK --interval=9000000000ns CMD ["true"]',
  ]);
  expect(commitChanges({ Cmd: ["a"] })).toEqual([]);
});

test("tokens name a container and a part, and nothing else is one", () => {
  expect(parseToken("0a1b-exec")).toEqual({ container: "0a1b", part: "exec" });
  for (const other of ["", "0a-", "0a-other", "0A-main", "0a-main\n", "../x-main"])
    expect(parseToken(other)).toBeUndefined();
  expect(heldExec({ Cmd: ["ls"] }, "0a")).toEqual({ Cmd: ["/.seccomp-gen/hold", "0a-exec", "ls"] });
});
