import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  dockerDefault,
  dockerHost,
  evaluate,
  lint,
  profileOf,
  readProfile,
  readRecording,
  recordingOf,
  resolve,
  SeccompGenError,
} from "../../src/index.ts";

const log = readFileSync(new URL("app.strace", import.meta.url), "utf8");
const filter = resolve(dockerDefault("28.5.2"), dockerHost({ arch: "amd64" }));

/** A value that a program without types may pass. */
const untyped = <Value>(value: unknown): Value => value as Value;

/** The error of the call, thrown at once or later. `undefined` if there is none. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("a mistake of the caller is refused with what to do", () => {
  const mistakes: readonly (readonly [string, () => unknown, { readonly message: string; readonly todo: string }])[] = [
    [
      "a capability that is none",
      () => dockerHost({ capAdd: ["NET_BIND"] }),
      { message: "there is no capability NET_BIND", todo: "Did you mean CAP_NET_BIND_SERVICE?" },
    ],
    [
      "a misspelled capability to drop",
      () => dockerHost({ capDrop: ["CHWON"] }),
      { message: "there is no capability CHWON", todo: "Did you mean CAP_CHOWN?" },
    ],
    [
      "an option that lint does not have",
      () => lint(dockerDefault(), untyped({ hots: dockerHost() })),
      { message: "lint has no option hots", todo: "It has host, against." },
    ],
    [
      "an option that recordingOf does not have",
      async () => recordingOf(log, untyped({ name: "app", arhc: "amd64" })),
      { message: "recordingOf has no option arhc", todo: "It has name, arch, root." },
    ],
    [
      "a folder of programs that does not exist",
      async () => recordingOf(log, { name: "app", arch: "amd64", root: "/no/such/folder" }),
      {
        message: "cannot read /no/such/folder: no such folder",
        todo: "Name the folder that holds the file system of the traced programs.",
      },
    ],
    [
      "a version that is none",
      () => dockerDefault("latest"),
      { message: "latest is no version of Docker", todo: "Give one such as 28.5.2, or none for the newest." },
    ],
    [
      "an option that does not exist",
      async () => profileOf(await recorded(), untyped({ denied: ["socket"] })),
      {
        message: "profileOf's second argument holds no policy options: denied is none of them",
        todo: expect.stringContaining("allow, deny") as string,
      },
    ],
    [
      "an option with a value that does not exist",
      async () => profileOf(await recorded(), untyped({ args: "stict" })),
      {
        message: "profileOf's second argument holds no policy options: args is none of none, standard, strict",
        todo: expect.stringContaining("args") as string,
      },
    ],
    [
      "one name where a list of names is meant",
      async () => profileOf(await recorded(), untyped({ deny: "socket" })),
      {
        message: "profileOf's second argument holds no policy options: deny must be array",
        todo: expect.stringContaining("deny") as string,
      },
    ],
  ];
  test.each(mistakes)("%s", async (_, call, { message, todo }) => {
    const error = await errorOf(call);
    expect(error).toBeInstanceOf(SeccompGenError);
    expect(error).toMatchObject({ message, todo });
  });
});

test.each([
  [
    "a profile's bytes",
    () => readProfile(untyped(Buffer.from("{}"))),
    'The text of a profile is a string: readFileSync(file, "utf8").',
  ],
  ["no recording", () => readRecording(untyped(undefined)), "The text of a recording is a string"],
  ["a call's number", () => evaluate(filter, untyped(41)), 'A call is given by its name, such as "openat".'],
  [
    "a log without a name",
    () => recordingOf([log], untyped(undefined)),
    'A log needs a name for its recording: { name: "app" }.',
  ],
])("%s is a TypeError that says what is expected", async (_, call, message) => {
  const error = await errorOf(call);
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ message: expect.stringContaining(message) });
});

test("an option that is undefined is as if it were not given", async () => {
  const usual = await profileOf(await recorded());
  expect((await profileOf(await recorded(), untyped({ deny: undefined, args: undefined }))).text).toBe(usual.text);
});

test("capabilities are taken as docker run takes them: in any case, with or without CAP_, and ALL", () => {
  expect(dockerHost({ capDrop: ["all"], capAdd: ["cap_net_admin", "SYS_TIME"] }).capabilities).toEqual([
    "CAP_NET_ADMIN",
    "CAP_SYS_TIME",
  ]);
});

const recorded = () => recordingOf([log], { name: "app", arch: "amd64" });

test("console.log shows what a profile is of, without its text of hundreds of lines", async () => {
  const shown = inspect(await profileOf([log], { name: "app" }));
  expect(shown).toContain("name: 'app'");
  expect(shown).not.toContain("defaultAction");
  expect(inspect(dockerDefault("28.5.2")).split("\n").length).toBeLessThan(3);
});
