import { mkdtemp, mkdir, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clientCommand } from "../../../src/run/gateway/client-command.ts";
import { endpointOf } from "../../../src/run/gateway/endpoint.ts";
import { routeOf } from "../../../src/run/gateway/routes.ts";

test.each([
  ["docker run app", "docker", "run"],
  ["docker container run app", "docker", "run"],
  ["docker compose up", "docker", "compose"],
  ["timeout 60 docker run app", "docker", "run"],
  ["timeout -k 5 -s INT 60 docker run app", "docker", "run"],
  ["env -u X A=b docker run app", "docker", "run"],
  ["nice -n 5 docker run app", "docker", "run"],
  ["sudo -E -u root docker run app", "docker", "run"],
  ["sudo -Eu root docker run app", "docker", "run"],
  ["env -iu X docker run app", "docker", "run"],
  ["sudo env A=b timeout 5 /usr/bin/docker run app", "docker", "run"],
  ["docker --log-level debug --context x run app", "docker", "run"],
  ["podman --root /r run app", "podman", "run"],
  ["docker-compose up", "docker-compose", "up"],
])("%s is %s %s", (text, name, verb) => {
  expect(clientCommand(text.split(" ")).tool).toMatchObject({ name, verb });
});

test.each(["npm test", "make up", "sh run.sh", "timeout 60", "env", "", "echo docker run app"])(
  "%s names no tool",
  (text) => {
    expect(clientCommand(text.split(" ").filter((word) => word !== "")).tool).toBeUndefined();
  },
);

test.each([
  ["sudo -E timeout 9 kubectl get pods", "kubectl"],
  ["/usr/bin/crictl ps", "crictl"],
  ["docker run app", "docker"],
  ["A=b make", "A=b"],
])("%s runs %s in the end", (text, program) => {
  expect(clientCommand(text.split(" ")).program).toBe(program);
});

test("what chooses an engine is taken out of the words; the rest stays", () => {
  const command = clientCommand(["sudo", "docker", "--config", "c", "-H", "tcp://h:1", "run", "-H", "app"]);
  expect(command.words).toEqual(["sudo", "docker", "--config", "c", "run", "-H", "app"]);
  expect(command.tool).toMatchObject({ elevated: true, connection: ["-H", "tcp://h:1"] });
});

test("the engine is the one that the command's clients would talk to", async () => {
  const folder = await mkdtemp(join(tmpdir(), "seccomp-gen-test-"));
  const digest = createHash("sha256").update("far").digest("hex");
  await mkdir(join(folder, "contexts/meta", digest), { recursive: true });
  await mkdir(join(folder, "contexts/tls", digest, "docker"), { recursive: true });
  await writeFile(
    join(folder, "contexts/meta", digest, "meta.json"),
    JSON.stringify({ Name: "far", Endpoints: { docker: { Host: "tcp://far:2376" } } }),
  );
  await writeFile(join(folder, "contexts/tls", digest, "docker/ca.pem"), "CA");
  const of = (text: string, env: Record<string, string> = {}): unknown =>
    endpointOf(clientCommand(text.split(" ")), { DOCKER_CONFIG: folder, ...env });
  expect(of("docker run a")).toEqual({ kind: "unix", path: "/var/run/docker.sock" });
  expect(of("docker run a", { DOCKER_HOST: "unix:///x" })).toEqual({ kind: "unix", path: "/x" });
  expect(of("docker -H unix:///y run a", { DOCKER_HOST: "unix:///x" })).toEqual({ kind: "unix", path: "/y" });
  // docker's own rule: the context of that name is what DOCKER_HOST says
  expect(of("docker --context default run a", { DOCKER_HOST: "unix:///x" })).toEqual({ kind: "unix", path: "/x" });
  expect(of("npm test", { DOCKER_HOST: "tcp://h:5" })).toEqual({ kind: "tcp", host: "h", port: 5, tls: undefined });
  expect(of("podman run a", { CONTAINER_HOST: "unix:///z", DOCKER_HOST: "unix:///x" })).toEqual({
    kind: "unix",
    path: "/z",
  });
  expect(of("docker --context far run a")).toMatchObject({
    kind: "tcp",
    host: "far",
    port: 2376,
    tls: { ca: Buffer.from("CA") },
  });
  expect(of("npm test", { DOCKER_CONTEXT: "far" })).toMatchObject({ kind: "tcp", host: "far" });
  expect(of("docker -H ssh://me@h run a")).toEqual({
    kind: "command",
    words: ["docker", "-H", "ssh://me@h", "system", "dial-stdio"],
  });
  expect(() => of("docker --context nowhere run a")).toThrow("no Docker context nowhere");
  await writeFile(join(folder, "config.json"), JSON.stringify({ currentContext: "far" }));
  expect(of("docker run a")).toMatchObject({ kind: "tcp", host: "far" });
});

test.each([
  ["POST", "/v1.41/containers/create?name=web", { kind: "create", name: "web", libpod: false }],
  ["POST", "/containers/create", { kind: "create", name: undefined, libpod: false }],
  ["POST", "/v4.3.1/libpod/containers/create", { kind: "create", name: undefined, libpod: true }],
  ["POST", "/v1.24/containers/a%2Fb/start", { kind: "start", container: "a/b" }],
  ["GET", "/v1.51/containers/json?all=1", { kind: "list" }],
  ["GET", "/containers/x/json", { kind: "inspect", container: "x" }],
  ["POST", "/session", { kind: "hijack" }],
  ["GET", "/containers/create", { kind: "other" }],
  ["POST", "/build?t=x", { kind: "other" }],
])("%s %s", (method, target, route) => {
  expect(routeOf(method, target)).toEqual(route);
});
