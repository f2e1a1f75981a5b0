import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { proxyArguments } from "../../../src/run/gateway/proxies.ts";

const folder = mkdtempSync(join(tmpdir(), "proxies-"));
afterAll(() => rmSync(folder, { recursive: true }));

const local = { kind: "unix", path: "/var/run/docker.sock" } as const;
const remote = { kind: "tcp", host: "build.example", port: 2376, tls: undefined } as const;

function configured(config: unknown, environment: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  return { DOCKER_CONFIG: folder, ...environment };
}

describe("proxies of a build", () => {
  test("a build without proxies gets no arguments", () => {
    expect(proxyArguments(local, configured({}))).toEqual({});
  });

  test("the environment's proxies are given in both cases, whichever case they are set in", () => {
    expect(proxyArguments(local, configured({}, { HTTP_PROXY: "http://a:1", no_proxy: "localhost" }))).toEqual({
      HTTP_PROXY: "http://a:1",
      http_proxy: "http://a:1",
      NO_PROXY: "localhost",
      no_proxy: "localhost",
    });
  });

  test("the docker CLI's configuration comes before the environment", () => {
    const environment = configured(
      { proxies: { default: { httpsProxy: "http://config:1" } } },
      { HTTPS_PROXY: "http://environment:1" },
    );
    expect(proxyArguments(local, environment)).toEqual({
      HTTPS_PROXY: "http://config:1",
      https_proxy: "http://config:1",
    });
  });

  test("proxies of the engine's address come before the default ones", () => {
    const proxies = {
      default: { httpProxy: "http://default:1" },
      "tcp://build.example:2376": { httpProxy: "http://own:1" },
    };
    expect(proxyArguments(remote, configured({ proxies }))["HTTP_PROXY"]).toBe("http://own:1");
    expect(proxyArguments(local, configured({ proxies }))["HTTP_PROXY"]).toBe("http://default:1");
  });
});
