import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const pages = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n")
  .filter((page) => existsSync(join(root, page)));
const read = (page: string): string => readFileSync(join(root, page), "utf8");

/** A page without its blocks of code, whose lines only look like links and headings. */
function prose(page: string): string {
  let fence: string | undefined;
  return read(page)
    .split("\n")
    .filter((line) => {
      const [mark] = /^`{3,}/.exec(line) ?? [];
      const isInside = fence !== undefined || mark !== undefined;
      if (mark !== undefined) fence = fence === undefined ? mark : fence === mark ? undefined : fence;
      return !isInside;
    })
    .join("\n");
}

/** The anchors that GitHub gives a page's headings. */
function anchors(page: string): ReadonlySet<string> {
  const titles = [...prose(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, title = ""]) => title);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, "")
        .replace(/\s/g, "-"),
    ),
  );
}

/** The links of a page that lead to nothing in this repository. */
function brokenLinks(page: string): string[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : relative(root, resolve(root, dirname(page), path));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && statSync(join(root, file)).isFile() && !anchors(file).has(anchor);
    })
    .map((target) => `${page}: ${target}`);
}

test("every link between pages leads to a file, and every anchor to a heading", () => {
  expect(pages.length).toBeGreaterThan(15);
  expect(pages.flatMap(brokenLinks)).toEqual([]);
});

test("a link that leads nowhere is found", () => {
  expect(anchors("docs/faq.md")).toContain("does-it-work-on-macos-and-windows");
  expect(anchors("docs/faq.md")).not.toContain("no-such-heading");
});

test("the README has at most 1,000 words and leads to every page of docs/", () => {
  const readme = read("README.md");
  expect(readme.trim().split(/\s+/).length).toBeLessThanOrEqual(1000);
  for (const page of pages.filter((name) => /^docs\/[^/]*\.md$/.test(name))) expect(readme).toContain(`](${page}`);
});

test("no page has a placeholder that a reader must guess", () => {
  for (const page of pages) expect(`${page}: ${read(page)}`).not.toMatch(/\bOWNER\/|YOUR_[A-Z]+/);
});

test("docs/commands.md has every command", () => {
  const source = readFileSync(join(root, "src/cli.ts"), "utf8");
  const names = [...source.matchAll(/\.command\("([a-z-]+)"(?!, \{ hidden)/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(10);
  const page = read("docs/commands.md");
  expect(names.filter((name) => !page.includes(`\`${name} `) && !page.includes(`\`${name}\``))).toEqual([]);
});
