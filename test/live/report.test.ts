import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { product } from "../support/product.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const executable = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * What a hostile author of a profile may try: markup, scripts, attributes and invisible characters, at every place that
 * is shown.
 */
const hostile =
  "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u202e\"'`&{{";

describe("the report in a browser", () => {
  beforeEach(({ skip }) => skip(executable === undefined, "Chromium is not installed"));

  let browser: Browser;
  const pages = new Map<string, string>();

  beforeAll(async () => {
    if (executable === undefined) return;
    browser = await chromium.launch({
      executablePath: executable,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    const folder = await mkdtemp(join(tmpdir(), "seccomp-gen-report-"));
    await mkdir(join(folder, "profiles"));
    const app = join(folder, "profiles", "<b>app&.json");
    await writeFile(
      app,
      JSON.stringify({
        defaultAction: "SCMP_ACT_ERRNO",
        architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        syscalls: [{ names: ["read", "bpf"], action: "SCMP_ACT_ALLOW", comment: hostile }],
      }),
    );
    await mkdir(join(folder, "traces", "nginx"), { recursive: true });
    await cp(join(root, "profiles", "nginx.json"), join(folder, "profiles", "nginx.json"));
    const recording = await readFile(join(root, "traces", "nginx", "recording.json"), "utf8");
    const phases: { readonly [name: string]: string } = { accept4: "serve", openat: "start", exit_group: "stop" };
    await writeFile(
      join(folder, "traces", "nginx", "recording.json"),
      recording.replace(
        new RegExp(
          /"(accept4|openat|exit_group)": /.source +
            /\{("calls": \d+, "results": [^\]]*\], "processes": [^\]]*\])(, "first": "\w+")?/.source,
          "g",
        ),
        (_, name: string, record: string) => `"${name}": {${record}, "first": "${phases[name]}"`,
      ),
    );
    const commands: { readonly [name: string]: readonly string[] } = {
      profile: ["explain", "profiles/nginx.json"],
      comparison: ["diff", "profiles/redis.json", "profiles/nginx.json"],
      phases: ["explain", join(folder, "profiles", "nginx.json")],
      hostile: ["explain", app],
      "hostile comparison": ["diff", "profiles/redis.json", app],
    };
    for (const [name, words] of Object.entries(commands)) {
      const { stdout, stderr } = await product(root, [...words, "--format", "html", "--arch", "amd64"]);
      expect(stdout, stderr).toMatch(/^<!doctype html>/);
      const file = join(folder, `${name}.html`);
      await writeFile(file, stdout);
      pages.set(name, pathToFileURL(file).href);
    }
  });
  afterAll(() => browser?.close());

  /** Opens a page offline, and calls `look`. Resolves to what went wrong in it: errors, refused content, requests. */
  async function visit(
    name: string,
    context: Parameters<Browser["newContext"]>[0],
    look: (page: Page) => Promise<void>,
  ): Promise<readonly string[]> {
    const wrong: string[] = [];
    const visitor: BrowserContext = await browser.newContext({ ...context, offline: true });
    const page = await visitor.newPage();
    page.on("console", (message) => wrong.push(message.text()));
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("request", (request) => {
      if (request.url() !== pages.get(name)) wrong.push(`asked for ${request.url()}`);
    });
    await page.goto(pages.get(name) ?? "");
    await look(page);
    await visitor.close();
    return wrong;
  }

  /** axe's findings. A policy that forbids foreign scripts stops axe only if the test adds it as an element. */
  async function violations(page: Page): Promise<readonly string[]> {
    await page.evaluate(axe);
    const result = await page.evaluate("axe.run(document)");
    return (
      result as {
        readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
      }
    ).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
  }

  const light = { colorScheme: "light", viewport: { width: 1280, height: 900 } } as const;
  const dark = { ...light, colorScheme: "dark" } as const;
  const narrow = { ...light, viewport: { width: 390, height: 800 } } as const;

  test.each([
    { name: "profile", look: "light", context: light },
    { name: "profile", look: "dark", context: dark },
    { name: "profile", look: "narrow", context: narrow },
    { name: "comparison", look: "narrow", context: narrow },
    { name: "hostile comparison", look: "dark", context: dark },
    { name: "hostile", look: "narrow", context: narrow },
  ])("$name, $look: accessible, no sideways scrolling, nothing loaded, nothing refused", async ({ name, context }) => {
    const wrong = await visit(name, context, async (page) => {
      expect(await page.title()).not.toBe("owned");
      expect(
        await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
      ).toBeLessThanOrEqual(0);
      // Long words in one column must leave room for words in the others.
      expect(
        await page.evaluate(
          "[...document.querySelectorAll('thead th')].filter((cell) => cell.offsetParent !== null && " +
            "cell.offsetWidth < 70).map((cell) => cell.textContent)",
        ),
      ).toEqual([]);
      // Two of the details are checked, because all are alike and the rules take their time.
      await page.evaluate(
        "[...document.querySelectorAll('#each ~ details, #known ~ details')].slice(-2).forEach((element) " +
          "=> { element.open = true; })",
      );
      expect(await violations(page)).toEqual([]);
    });
    expect(wrong).toEqual([]);
  });

  test("what a profile says is text: no element comes of it", async () => {
    await visit("hostile", {}, async (page) => {
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.locator("script").count()).toBe(1);
      expect(await page.locator("h1 code").first().textContent()).toContain("<b>app&.json");
      const [, detail = ""] = /<dd>(the profile says:.*?)<\/dd>/.exec(await page.content()) ?? [];
      expect(detail).toContain("&lt;/script&gt;");
      expect(detail).not.toContain("\u202e");
    });
  });

  test("the policy lets the page's own script run, and no other", async () => {
    await visit("profile", {}, async (page) => {
      await page.evaluate(
        "const element = document.createElement('script'); element.textContent = 'document.title = " +
          '"owned"\'; document.body.append(element);',
      );
      expect(await page.title()).not.toBe("owned");
      expect(await page.locator(".tools").first().isVisible()).toBe(true);
    });
  });

  test("pointing at a call shows why it is there; the filter leaves what is asked for", async () => {
    await visit("profile", light, async (page) => {
      await page.hover("a.tile[href='#amd64-socket']");
      expect(await page.locator("#panel").textContent()).toMatch(/socket.*recorded: made by nginx.*AF_INET/s);
      await page.fill("#filter", "keyring");
      expect(await page.locator("a.tile:visible").allTextContents()).toEqual(
        expect.arrayContaining([expect.stringContaining("add_key")]),
      );
      expect(await page.locator("#count").textContent()).toMatch(/^\d+ of \d+ calls shown$/);
      await page.fill("#filter", "");
      await page.click("button.key[data-state=allowed]");
      expect(await page.locator("a.tile.allowed:visible").count()).toBe(0);
      expect(await page.locator("a.tile.closed:visible").count()).toBeGreaterThan(50);
    });
  });

  test("by keyboard alone: one stop for the picture, arrows within, Enter to the details", async () => {
    await visit("profile", light, async (page) => {
      expect(await page.locator("a.tile[tabindex='0']").count()).toBe(1);
      await page.focus("a.tile[tabindex='0']");
      const first = await page.evaluate("document.activeElement.textContent");
      await page.keyboard.press("ArrowRight");
      const second = await page.evaluate("document.activeElement.textContent");
      expect(second).not.toBe(first);
      await page.keyboard.press("ArrowDown");
      const name = (await page.evaluate("document.activeElement.getAttribute('href')")) as string;
      expect(await page.locator("#panel h3").textContent()).toBe(name.replace("#amd64-", ""));
      await page.keyboard.press("Enter");
      expect(await page.locator(name).isVisible()).toBe(true);
    });
  });

  test("without scripts every tile is a link to the same words", async () => {
    await visit("profile", { ...light, javaScriptEnabled: false }, async (page) => {
      expect(await page.locator(".tools").first().isVisible()).toBe(false);
      expect(await page.locator("a.tile[href='#amd64-openat']").count()).toBe(1);
      expect(await page.locator("#amd64-openat").textContent()).toContain("recorded: made by nginx");
    });
  });

  test("the timeline says when each call was first needed; without that in the recording there is none", async () => {
    await visit("phases", {}, async (page) => {
      const text = await page.locator("section[aria-labelledby=when]").textContent();
      expect(text).toMatch(/Starting.*openat.*Serving.*accept4.*Stopping.*exit_group/s);
    });
    await visit("hostile", {}, async (page) => expect(await page.locator("#when").count()).toBe(0));
  });

  test("on paper it has its content without the panel beside the pointer", async () => {
    await visit("profile", light, async (page) => {
      await page.emulateMedia({ media: "print" });
      expect(await page.locator("#panel").isVisible()).toBe(false);
      expect((await page.pdf({ format: "A4", printBackground: true })).byteLength).toBeGreaterThan(20_000);
    });
  });
});
