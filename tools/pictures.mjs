// Makes the README's pictures from the built program. .github/report.png shows `explain profiles/nginx.json --format
// html`. .github/comment.png shows the comment that `review` writes on a pull request which opens ptrace. Usage: npm
// run build && node tools/pictures.mjs (needs Debian's chromium). Make them again when profiles/nginx.json, Docker's
// newest default, the page or the comment changes.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../", import.meta.url));
const cli = join(root, "dist/cli.cjs");

/** What `review` says about a branch that allows ptrace. */
function comment() {
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-picture-"));
  const run = (file, ...args) => spawnSync(file, args, { cwd: folder, encoding: "utf8" }).stdout;
  try {
    mkdirSync(join(folder, "profiles"));
    cpSync(join(root, "profiles/nginx.json"), join(folder, "profiles/nginx.json"));
    cpSync(join(root, "traces/nginx"), join(folder, "traces/nginx"), { recursive: true });
    run("git", "init", "-q", "-b", "main");
    run("git", "add", "-A");
    run("git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "first");
    const options = ["--allow", "ptrace", "-o", "profiles/nginx.json"];
    run(process.execPath, cli, "generate", "traces/nginx/recording.json", ...options);
    return run(process.execPath, cli, "review", "main", "--arch", "amd64");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const escaped = (text) => text.replace(/&(?!#?\w+;)/g, "&amp;").replace(/</g, "&lt;");

/** Bold and code. Text of a profile is escaped before it becomes a tag. */
const inline = (text) =>
  escaped(text)
    .replace(/`([^`]*)`/g, "<code>$1</code>")
    .replace(/\*\*(.+?)\*\*/g, "<b>$1</b>");

/** The Markdown that `review` writes: headings, lists, tables and paragraphs. */
function html(markdown) {
  const blocks = markdown.trim().split(/\n{2,}/);
  return blocks
    .map((block) => {
      const lines = block.split("\n");
      const [, marks, title] = /^(#+) (.*)$/.exec(block) ?? [];
      if (marks !== undefined) return `<h${marks.length}>${inline(title)}</h${marks.length}>`;
      if (block.startsWith("- "))
        return `<ul>${lines.map((line) => `<li>${inline(line.slice(2))}</li>`).join("")}</ul>`;
      if (!block.startsWith("|")) return `<p>${inline(block)}</p>`;
      const rows = lines.filter((line) => !/^[|: -]+$/.test(line));
      const cells = (row, tag) =>
        row
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => `<${tag}>${inline(cell.trim())}</${tag}>`)
          .join("");
      return `<table>${rows.map((row, at) => `<tr>${cells(row, at === 0 ? "th" : "td")}</tr>`).join("")}</table>`;
    })
    .join("\n");
}

const style = `
  body { margin: 0; padding: 16px; width: 868px; font: 14px/1.5 "DejaVu Sans", sans-serif; color: #1f2328 }
  main { border: 1px solid #d1d9e0; border-radius: 6px; padding: 8px 16px }
  h2 { font-size: 21px; border-bottom: 1px solid #d1d9e0; padding-bottom: 6px }
  h3 { font-size: 17px }
  code { font: 12px "DejaVu Sans Mono", monospace; background: #eff1f3; border-radius: 6px; padding: 2px 5px }
  table { border-collapse: collapse; font-size: 14px }
  td, th { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; vertical-align: top }`;

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage({
    viewport: { width: 1240, height: 900 },
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  const words = ["explain", "profiles/nginx.json", "--format", "html", "--arch", "amd64"];
  await page.setContent(execFileSync(process.execPath, [cli, ...words], { cwd: root, encoding: "utf8" }));
  await page.locator("a.tile").filter({ hasText: "mprotect" }).filter({ hasNotText: "pkey" }).hover();
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${root}.github/report.png` });
  // The report's page forbids other styles, so the comment has a page of its own.
  const other = await browser.newPage({ viewport: { width: 900, height: 400 } });
  await other.setContent(`<style>${style}</style><main>${html(comment())}</main>`);
  await other.locator("body").screenshot({ path: `${root}.github/comment.png` });
} finally {
  await browser.close();
}
