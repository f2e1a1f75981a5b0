import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { member, withMember, type Document } from "../../src/run/gateway/index.ts";
import { standBetween } from "../support/between.ts";
import { product, workplace } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";
const words = ["record", "--name", "app", "--", "docker", "run", "--rm", "--network", "none", image, "true"];

function withHost(body: Document, change: (host: Document) => Document): Document {
  return withMember(body, "HostConfig", change(member(body, "HostConfig") as Document));
}

test("the keeper asks for the host's processes and CAP_SYS_PTRACE, and for nothing else", async () => {
  const keepers: Document[] = [];
  await using between = await standBetween((body, name) => {
    if (name.startsWith("seccomp-gen-keeper-")) keepers.push(body);
    return body;
  });
  const folder = await workplace();
  const ran = await product(folder, words, { DOCKER_HOST: between.host });
  expect(ran.exitCode, ran.stderr).toBe(0);
  expect(keepers).toHaveLength(1);
  const volume = (prefix: string, place: string): unknown =>
    expect.stringMatching(`^seccomp-gen-${prefix}-[0-9a-f]{12}:${place}:nocopy$`);
  expect(member(keepers[0], "HostConfig")).toEqual({
    AutoRemove: true,
    Binds: [volume("gate", "/gate"), volume("out", "/trace")],
    CapAdd: ["SYS_PTRACE"],
    CapDrop: ["ALL"],
    LogConfig: { Type: "none" },
    NetworkMode: "none",
    PidMode: "host",
    ReadonlyRootfs: true,
    SecurityOpt: ["no-new-privileges", "label=disable"],
    UsernsMode: "host",
  });
});

test.each([
  ["the host's processes", (host: Document) => withMember(host, "PidMode", "")],
  ["CAP_SYS_PTRACE", (host: Document) => withMember(host, "CapAdd", [])],
])("without %s the keeper records nothing, and nothing is written as if it had", async (_, change) => {
  await using between = await standBetween((body, name) =>
    name.startsWith("seccomp-gen-keeper-") ? withHost(body, change) : body,
  );
  const folder = await workplace();
  const ran = await product(folder, words, { DOCKER_HOST: between.host });
  expect(ran.exitCode, ran.stderr).not.toBe(0);
  await expect(readFile(join(folder, "profiles/app.json"))).rejects.toThrow("ENOENT");
});

test("a host program that starts no container asks the engine for its facts, and makes nothing there", async () => {
  await using between = await standBetween();
  const folder = await workplace();
  const ran = await product(folder, ["record", "--name", "app", "--", "ls", "-d", "/"], { DOCKER_HOST: between.host });
  expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: "/" });
  expect(new Set(between.asked)).toEqual(new Set(["GET /version", "GET /info", "GET /events"]));
});
