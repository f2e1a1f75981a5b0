import { describe, expect, test } from "vitest";
import {
  dependenciesOf,
  environmentFile,
  serviceWords,
  type ComposeModel,
  type ComposeService,
  type ServiceChanges,
} from "../../../src/run/container/compose-service.ts";

const model = (service: ComposeService, more: Partial<ComposeModel> = {}): ComposeModel => ({
  name: "shop",
  services: { web: service },
  networks: { default: { name: "shop_default" } },
  ...more,
});
const up: ServiceChanges = {
  again: true,
  ports: true,
  aliases: true,
  options: [],
  environmentFile: "F",
  command: undefined,
  entrypoint: false,
};
const words = (
  service: ComposeService,
  changes: Partial<ServiceChanges> = {},
  more: Partial<ComposeModel> = {},
): string =>
  serviceWords(model({ image: "x", ...service }, more), "web", { ...up, ...changes })
    .join(" ")
    .replace("--env-file F ", "");

describe("a service as docker run", () => {
  test.each<[string, ComposeService, string]>([
    ["nothing but an image", {}, "x"],
    ["built here", { image: undefined, build: { context: "." } }, "shop-web"],
    ["words of its own", { entrypoint: ["/run", "-v"], command: ["serve", "a b"] }, "--entrypoint /run x -v serve a b"],
    ["no entrypoint", { entrypoint: [], command: ["serve"] }, "--entrypoint  x serve"],
    [
      "the network, and the names by which others find it",
      { container_name: "shop", networks: { default: { aliases: ["www"] } } },
      "--network shop_default --network-alias web --network-alias shop --network-alias www x",
    ],
    [
      "a variable of several lines, which no file of variables holds",
      { environment: { A: "b c", KEY: "1\n2" } },
      "--env KEY=1\n2 x",
    ],
    [
      "ports",
      {
        ports: [
          { target: 80, published: "8080", host_ip: "127.0.0.1", protocol: "tcp", mode: "ingress" },
          { target: 53, protocol: "udp" },
        ],
      },
      "--publish 127.0.0.1:8080:80/tcp --publish 53/udp x",
    ],
    [
      "mounts",
      {
        volumes: [
          { type: "bind", source: "/a", target: "/b", read_only: true },
          { type: "volume", source: "data", target: "/d" },
          { type: "volume", target: "/e" },
          { type: "tmpfs", target: "/t" },
        ],
      },
      "--volume /a:/b:ro --volume shop_data:/d --volume /e --tmpfs /t x",
    ],
    [
      "a check in exec form, for which docker run has a shell alone",
      { healthcheck: { test: ["CMD", "curl", "it's"], interval: "1m30s", retries: 2 } },
      "--health-cmd curl 'it'\\''s' --health-interval 1m30s --health-retries 2 x",
    ],
    ["no check", { healthcheck: { disable: true } }, "--no-healthcheck x"],
    [
      "what it may, and how it ends",
      {
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        read_only: true,
        init: false,
        stop_signal: "SIGUSR1",
        stop_grace_period: "1m0.5s",
        user: "1000",
        ulimits: { nproc: 5, nofile: { soft: 1, hard: 2 } },
      },
      "--cap-drop ALL --security-opt no-new-privileges:true --read-only --stop-signal SIGUSR1 " +
        "--stop-timeout 61 --user 1000 --ulimit nproc=5 --ulimit nofile=1:2 x",
    ],
  ])("%s", (_, service, expected) =>
    expect(words(service, {}, { volumes: { data: { name: "shop_data" } } })).toBe(expected),
  );

  test("run once: no ports, no names, no policy of restarts, words of the command line", () => {
    const service = {
      restart: "always",
      command: ["serve"],
      ports: [{ target: 80, published: "80" }],
      networks: { default: null },
    };
    expect(
      words(service, { again: false, ports: false, aliases: false, options: ["--env=A=b"], command: ["migrate"] }),
    ).toBe("--network shop_default --env=A=b x migrate");
    expect(
      words({ entrypoint: ["/run"], command: ["serve"] }, { options: ["--entrypoint=env"], entrypoint: true }),
    ).toBe("--entrypoint=env x");
  });

  test.each<[string, ComposeService, RegExp]>([
    ["a member that docker run has no word for", { gpus: "all" }, /service web has gpus, which/],
    ["another service's namespace", { pid: "service:db" }, /pid service:db/],
    ["several networks", { networks: { a: null, b: null } }, /several networks/],
    ["a secret that is no file", { secrets: [{ source: "key" }] }, /key, which is no file/],
  ])("%s is refused", (_, service, message) => expect(() => words(service)).toThrow(message));
});

test("what a service depends on, and what that depends on; a circle ends", () => {
  const on = (...names: readonly string[]): ComposeService => ({
    depends_on: Object.fromEntries(names.map((name) => [name, { condition: "service_started" }])),
  });
  expect(dependenciesOf({ name: "p", services: { a: on("b"), b: on("c", "a"), c: {} } }, "a")).toEqual(["b", "c"]);
});

test("variables are written to a file, hidden from process lists; one without a value is taken from here", () => {
  expect(environmentFile(model({ environment: { A: "b c", HOME: null, KEY: "1\n2", EMPTY: "" } }), "web")).toBe(
    "A=b c\nHOME\nEMPTY=\n",
  );
});
