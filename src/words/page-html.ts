import { escapeLine } from "../core/text/index.ts";
import type { Block, Line, Span } from "./page.ts";

/** A document as one HTML file that loads nothing and runs nothing. */
export function pageToHtml(blocks: readonly Block[], title: string): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${htmlText(title)}</title>`,
    `<style>${style}</style>`,
    "<main>",
    ...blocks.map(block),
    "</main>",
    "</html>",
    "",
  ].join("\n");
}

const style = [
  ":root{color-scheme:light dark}",
  "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}",
  "code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}",
  "table{border-collapse:collapse;width:100%}",
  "th,td{border:1px solid color-mix(in srgb,currentColor 30%,transparent);padding:.4rem " +
    ".6rem;text-align:left;vertical-align:top}",
  "tr.danger th{border-left:.4rem solid #c62828}",
  "tr.notable th{border-left:.4rem solid #b26a00}",
  "details{margin:1rem 0}",
].join("");

function block(part: Block): string {
  switch (part.type) {
    case "title":
      return `<h1>${line(part.line)}</h1>`;
    case "heading":
      return `<h2>${line(part.line)}</h2>`;
    case "paragraph":
      return `<p>${line(part.line)}</p>`;
    case "list":
      return `<ul>${part.items.map((item) => `<li>${line(item)}</li>`).join("")}</ul>`;
    case "table":
      return table(part);
    case "folded":
      return `<details><summary>${htmlText(part.summary)}</summary>\n${part.blocks.map(block).join("\n")}\n</details>`;
    default:
      return part satisfies never;
  }
}

function table({ head, rows }: Extract<Block, { type: "table" }>): string {
  const titles = head.map((name) => `<th scope="col">${htmlText(name)}</th>`).join("");
  return [
    `<table><thead><tr>${titles}</tr></thead><tbody>`,
    ...rows.map(({ weight, cells: [first = [], ...more] }) => {
      const cells = more.map((cell) => `<td>${line(cell)}</td>`).join("");
      return `<tr class="${weight}"><th scope="row">${line(first)}</th>${cells}</tr>`;
    }),
    "</tbody></table>",
  ].join("\n");
}

function line(spans: Line): string {
  return spans.map(span).join("");
}

function span(part: Span): string {
  if (typeof part === "string") return htmlText(part);
  return "strong" in part ? `<strong>${htmlText(part.strong)}</strong>` : `<code>${htmlText(part.data)}</code>`;
}

function htmlText(text: string): string {
  return escapeLine(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
