import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { html, htmlDocument } from "../../src/words/html.ts";

test("what is put in is escaped, HTML is not escaped twice, nothing stays nothing", () => {
  expect(html`<b title="${`"'\u0060<>&`}">${"<i>"}${false}${undefined}${[html`<u>${"&"}</u>`, 1]}</b>`.text).toBe(
    '<b title="&#34;&#39;&#96;&#60;&#62;&#38;">&#60;i&#62;<u>&#38;</u>1</b>',
  );
});

test("what would not show is shown", () => {
  expect(html`${"\u0000\u202e\u001b"}`.text).toBe("\\u{0}\\u{202e}\\u{1b}");
});

test("the policy names style and script by their hashes, and lets nothing else in", () => {
  const page = htmlDocument({ title: "<t>", style: "a{}", script: "1;", body: html`<p>x</p>` });
  for (const text of ["a{}", "1;"])
    expect(page).toContain(`&#39;sha256-${createHash("sha256").update(text).digest("base64")}&#39;`);
  expect(page).toContain("default-src &#39;none&#39;");
  expect(page).not.toMatch(/unsafe|https?:/);
  expect(page).toContain("<title>&#60;t&#62;</title>");
});

test("a template that goes on in an indented line is the same as on one line", () => {
  const part = html`<b>x</b>`;
  expect(
    html`<p class="a"
      id="b">one two
      three ${part}
      <i>four</i>
      ${part}</p>
<hr>`.text,
  ).toBe('<p class="a" id="b">one two three <b>x</b><i>four</i><b>x</b></p>\n<hr>');
});
