import { escapeLine } from "../core/text/index.ts";

/** Text as the content of a Markdown line or table cell. Nothing in it can be a mark, a link, a mention or HTML. */
export function markdownCell(text: string): string {
  return escapeLine(text).replace(/[\\|`<>&*[\]#~@]|(?<!\w)_|_(?!\w)/g, (char) => `&#${char.charCodeAt(0)};`);
}
