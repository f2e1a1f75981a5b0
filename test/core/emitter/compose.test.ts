import { expect, test } from "vitest";
import { emitCompose } from "../../../src/core/emitter/index.ts";

test.each([
  ["profiles/my app.json", '"seccomp=./profiles/my app.json"'],
  ["./app.json", '"seccomp=./app.json"'],
  ["../app.json", '"seccomp=../app.json"'],
  ["/srv/app.json", '"seccomp=/srv/app.json"'],
  ["unconfined", '"seccomp=./unconfined"'],
  ["a$b.json", '"seccomp=./a$$b.json"'],
  ['"\u202e: #.json', '"seccomp=./\\"\\u202e: #.json"'],
])("a Compose file names the profile that was given: %j", (file, line) => {
  const text = emitCompose({ name: "app", file });
  expect(text).toBe(`services:\n  app:\n    security_opt:\n      - ${line}\n`);
});
