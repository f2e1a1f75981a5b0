// Makes .github/report.png, the README's picture of `explain profiles/nginx.json --format html`:
// npm run build && node tools/report-picture.mjs (needs Debian's chromium). To be made again when
// profiles/nginx.json, Docker's newest default or the page changes.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../", import.meta.url));
const html = execFileSync(
  process.execPath,
  ["dist/cli.cjs", "explain", "profiles/nginx.json", "--format", "html", "--arch", "amd64"],
  { cwd: root, encoding: "utf8" },
);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage({
    viewport: { width: 1240, height: 900 },
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  await page.setContent(html);
  await page.locator("a.tile").filter({ hasText: "mprotect" }).filter({ hasNotText: "pkey" }).hover();
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${root}.github/report.png` });
} finally {
  await browser.close();
}
