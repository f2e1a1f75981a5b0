import { escapeLine } from "../core/text/index.ts";
import { longText, wholePart, type Layout, type Part } from "./long-text.ts";
import type { Block, Line, Row, Weight } from "./page.ts";
import { wrapText } from "./wrap.ts";

const colors: { readonly [weight in Weight]: number | undefined } = { danger: 31, notable: 33, ordinary: undefined };

/**
 * A document for a terminal of this width. Each row of a table becomes a paragraph, with a line for each column and its
 * name. In a long document, dangerous rows and folded parts show only their titles. Other rows are only counted.
 */
export function pageToText(blocks: readonly Block[], layout: Layout, more: string): string {
  const { color, width } = layout;
  const paint = (code: number | undefined, lines: readonly string[]): readonly string[] =>
    lines.map((line) => (color && code !== undefined ? `\u001b[${code}m${line}\u001b[0m` : line));
  const fit = (text: string, first: string, indent = first): readonly string[] =>
    wrapText(text, { width, first, indent });
  const row = (
    { weight, cells: [first = [], second = [], ...more] }: Row,
    head: readonly string[],
    indent: string,
  ): Part => {
    const title = paint(colors[weight], fit(`${plain(first)}: ${plain(second)}`, `${indent}  `, `${indent}    `));
    const details = more.flatMap((cell, at) =>
      cell.length === 0
        ? []
        : fit(plain(cell), `${indent}    ${`${head[at + 2] ?? ""}:`.padEnd(13)}`, " ".repeat(indent.length + 17)),
    );
    return { lines: [...title, ...details], brief: weight === "danger" ? title : [] };
  };
  const listed = ({ items, urgent = items.length }: Extract<Block, { type: "list" }>, indent: string): Part => {
    const lines = items.map((item) => fit(plain(item), `${indent}  `, `${indent}    `));
    const left = items.length - urgent;
    return { lines: lines.flat(), brief: [...lines.slice(0, urgent).flat(), ...andMore(left, indent)] };
  };
  const block = (part: Block, indent: string): Part => {
    switch (part.type) {
      case "title":
      case "heading":
        return wholePart(paint(1, fit(plain(part.line), indent)));
      case "paragraph":
        return wholePart(fit(plain(part.line), indent));
      case "list":
        return listed(part, indent);
      case "table": {
        const rows = part.rows.map((each) => row(each, part.head, indent));
        const left = part.rows.filter(({ weight }) => weight !== "danger").length;
        return {
          lines: rows.flatMap(({ lines }) => lines),
          brief: [...rows.flatMap(({ brief }) => brief), ...andMore(left, indent)],
        };
      }
      case "folded": {
        const title = fit(`${part.summary}:`, indent);
        return {
          lines: [...title, ...part.blocks.flatMap((inner) => block(inner, `${indent}  `).lines)],
          brief: fit(part.summary, indent),
        };
      }
      default:
        return part satisfies never;
    }
  };
  const parts = blocks.map((each) => block(each, ""));
  const spaced = (lines: readonly string[], at: number): readonly string[] => (at === 0 ? lines : ["", ...lines]);
  return longText(
    parts.map(({ lines, brief }, at) => ({ lines: spaced(lines, at), brief: spaced(brief, at) })),
    layout,
    more,
  );
}

function andMore(left: number, indent: string): readonly string[] {
  return left === 0 ? [] : [`${indent}  and ${left} more`];
}

function plain(line: Line): string {
  return escapeLine(
    line.map((span) => (typeof span === "string" ? span : "strong" in span ? span.strong : span.data)).join(""),
  );
}
