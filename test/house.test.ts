import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Generated files, and files as a tool wrote them. */
const data = /\/data\/|^test\/corpus\//;

const files = execFileSync("git", ["ls-files", "src", "test", "tools"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => /\.(ts|js|mjs|sh|c)$/.test(file) && !data.test(file));

/** `FILE:LINE: WIDTH` of each line that is too wide. */
function tooWide(file: string): readonly string[] {
  return readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((line, index) => (line.length > 120 ? [`${file}:${index + 1}: ${line.length}`] : []));
}

test("no line is above 120 columns", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(tooWide)).toEqual([]);
});

/** Shapes that a reader stumbles over, and what to write instead. */
const shapes: readonly (readonly [shape: RegExp, instead: string])[] = [
  [/\b[Ss]o (?:many|often)\b(?! that)/, "At most this many …"],
  [/\bundefined: /i, "`undefined` if …"],
  [/\b[Ww]hoever\b/, "name the actor"],
  [/\bfor ever\b/, "without end"],
  [/(?:-?\d|false): (?:it|there|none|nowhere|nothing)\b/i, "-1 if …"],
  [/\b(?:let|lets|letting) (?:it |them |calls? |the call )?through\b/, "allow"],
];

/** The words of comments in a line of source. */
const commentOf = (line: string): string => /^\s*(?:\/\*\*?|\*|\/\/) ?(.*)$/.exec(line)?.[1] ?? "";

function oddShapes(file: string): readonly string[] {
  return readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((line, index) =>
      shapes.flatMap(([shape, instead]) =>
        shape.test(commentOf(line)) ? [`${file}:${index + 1}: ${line.trim()} (instead: ${instead})`] : [],
      ),
    );
}

test("comments say who does what", () => {
  const read = files.filter((file) => !file.endsWith(".sh"));
  expect(read.length).toBeGreaterThan(500);
  expect(read.flatMap(oddShapes)).toEqual([]);
});
