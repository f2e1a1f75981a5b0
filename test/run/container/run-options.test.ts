import { describe, expect, test } from "vitest";
import { isOn, parseOptionHelp, parseOptions, valuesOf } from "../../../src/run/container/run-options.ts";

// Lines as docker 20.10, docker 28 and podman 4 print them.
const help = `
Options:
      --add-host list                    Add a custom host-to-IP mapping
                                         (host:ip)
  -d, --detach                           Run container in background and
  -e, --env list                         Set environment variables
      --entrypoint string                Overwrite the default ENTRYPOINT of the image
  -i, --interactive                      Keep STDIN open even if not attached
      --init                             Run an init inside the container
  -p, --publish list                     Publish a container's port(s) to
      --pull string[="missing"]          Pull image policy
      --rm                               Automatically remove the container
  -t, --tty                              Allocate a pseudo-TTY
  -u, --user string                      Username or UID (format:
      --log-driver driver   Logging driver for the container
`;
const table = parseOptionHelp(help);
const never = (): Promise<"unknown"> => Promise.resolve("unknown");
const parse = (...words: string[]) => parseOptions(words, table, never);

describe("parseOptionHelp", () => {
  test.each([
    ["add-host", true],
    ["detach", false],
    ["env", true],
    ["pull", false],
    ["log-driver", true],
    ["user", true],
  ])("--%s takes a value: %s", (name, takesValue) => expect(table.byName.get(name)?.takesValue).toBe(takesValue));

  test("wrapped descriptions are no options", () => expect([...table.byName.keys()]).not.toContain("host"));
});

describe("parseOptions", () => {
  test("joined short flags, the last with its value", async () => {
    const { options, rest } = await parse("-itp", "80:80", "-p81:81", "-eA=b", "nginx", "-x");
    expect(valuesOf(options, "publish")).toEqual(["80:80", "81:81"]);
    expect(valuesOf(options, "env")).toEqual(["A=b"]);
    expect(isOn(options, "tty")).toBe(true);
    expect(rest).toEqual(["nginx", "-x"]);
  });

  test("every word is kept verbatim", async () => {
    const words = ["--rm=false", "-it", "--entrypoint", "", "--env=A=b", "--add-host", "a:1", "image", "--", "--rm"];
    const { options, rest } = await parse(...words);
    expect([...options.flatMap((option) => option.words), ...rest]).toEqual(words);
    expect(isOn(options, "rm")).toBe(false);
    expect(valuesOf(options, "entrypoint")).toEqual([""]);
  });

  test("-- ends the options", async () => {
    expect((await parse("--rm", "--", "-image")).rest).toEqual(["-image"]);
  });

  test("an option with an optional value takes it only after =", async () => {
    expect((await parse("--pull", "nginx")).rest).toEqual(["nginx"]);
  });

  test("an option that help does not list is asked for", async () => {
    const asked: string[] = [];
    const { rest } = await parseOptions(["--net", "none", "-Z", "image"], table, (dashed) => {
      asked.push(dashed);
      return Promise.resolve(dashed === "--net" ? "value" : "flag");
    });
    expect(asked).toEqual(["--net", "-Z"]);
    expect(rest).toEqual(["image"]);
  });
});
