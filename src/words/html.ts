import { createHash } from "node:crypto";
import { escapeTerminal } from "../core/text/index.ts";

/** HTML that is already escaped. Only `html` and `joinHtml` make it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | false | undefined | readonly Part[];

/**
 * Builds HTML. It escapes every part, unless that is HTML already. It joins lists, and writes nothing for `false` and
 * `undefined`. A template may go on in an indented line.
 */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    pieces
      .map((piece, position) => unfolded(piece) + (position < parts.length ? partText(parts[position]) : ""))
      .join(""),
  );
}

/** Joins an indented line to the line before it: without a space beside a tag or a part, with one within text. */
function unfolded(piece: string): string {
  return piece
    .replace(/(^|>)\n +/g, "$1")
    .replace(/\n +($|<)/g, "$1")
    .replace(/\n +/g, " ");
}

function partText(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(partText).join("");
  return escapeHtml(String(part));
}

/** Text for an element or a quoted attribute. Characters that would not show appear as `\u{…}`. */
function escapeHtml(text: string): string {
  return escapeTerminal(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * A whole document that loads nothing and runs only `script`. Its content security policy names the style and the
 * script by their hashes.
 */
export function htmlDocument({
  title,
  style,
  script,
  body,
}: {
  readonly title: string;
  readonly style: string;
  readonly script: string;
  readonly body: Html;
}): string {
  const policy =
    `default-src 'none'; style-src '${hash(style)}'; script-src '${hash(script)}'; base-uri 'none'; ` +
    "form-action 'none'";
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    html`<meta http-equiv="Content-Security-Policy" content="${policy}">`.text,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    html`<title>${title}</title>`.text,
    `<style>${style}</style>`,
    "</head>",
    `<body>${body.text}<script>${script}</script></body>`,
    "</html>",
    "",
  ].join("\n");
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
