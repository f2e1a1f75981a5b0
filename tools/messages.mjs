// Lists every text of the sources that a person may read: file, text, and one occasion where a test or a page of docs/
// shows it. Usage: node tools/messages.mjs > docs/messages.txt. Read the list aloud from top to bottom: who does what?
// `…` stands for what is filled in.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAst } from "rolldown/parseAst";

const root = fileURLToPath(new URL("../", import.meta.url));
const tracked = (...paths) =>
  execFileSync("git", ["ls-files", ...paths], { cwd: root, encoding: "utf8" })
    .trim()
    .split("\n");
const read = (file) => readFileSync(join(root, file), "utf8");

/** Parts of a program whose strings nobody reads: names of modules, members, types. */
const unread = new Set(["ImportDeclaration", "ExportNamedDeclaration", "ExportAllDeclaration", "TSLiteralType"]);

/** The texts of a syntax tree, in the order of the source. */
function texts(node, found = []) {
  if (Array.isArray(node)) for (const each of node) texts(each, found);
  else if (node !== null && typeof node === "object") {
    if (unread.has(node.type) && node.declaration == null) return found;
    if (node.type === "Literal" && typeof node.value === "string") found.push({ at: node.start, text: node.value });
    else if (node.type === "TemplateLiteral") {
      found.push({ at: node.start, text: node.quasis.map(({ value }) => value.cooked).join("…") });
      texts(node.expressions, found);
    } else if (node.type === "BinaryExpression" && node.operator === "+") {
      const sides = [...texts(node.left), ...texts(node.right)];
      if (sides.length > 0) found.push({ at: node.start, text: sides.map(({ text }) => text).join("") });
    } else for (const [key, value] of Object.entries(node)) if (key !== "type") texts(value, found);
  }
  return found;
}

/** True if a person reads it: it has at least two words, and one of them has only letters. */
const isRead = (text) => /[a-z]{2,}\)?[,;:.]? +\S/i.test(text) && !/^[\s#.*({-]*\w[\w-]*\s*\{/.test(text);

/** `src/words/summary.ts` → its texts, each on one line. */
export function messagesOf(file) {
  const lang = file.endsWith(".ts") ? "ts" : "js";
  const all = texts(parseAst(read(file), { lang }).body).filter(({ text }) => isRead(text));
  return [...new Set(all.map(({ text }) => text.replace(/\s+/g, " ").trim()))];
}

/** Sources with texts for people. Generated data and the page's script and style have none. */
export const sources = tracked("src/*.ts", "src/**/*.ts").filter(
  (file) => !/\/data\/|\/assembly\/|report-(?:style|script)\.ts$|\.d\.ts$/.test(file),
);

/** The longest part of a text that is never filled in. */
const fixedPart = (text) => text.split("…").reduce((a, b) => (b.trim().length > a.length ? b.trim() : a), "");

function list() {
  const shown = tracked("test", "docs", "README.md")
    .filter((file) => /\.(?:ts|snap|md|txt|json)$/.test(file) && file !== "docs/messages.txt")
    .map((file) => ({ file, text: read(file) }));
  for (const file of sources) {
    const messages = messagesOf(file);
    if (messages.length > 0) console.log(`\n${file}`);
    for (const text of messages) {
      const part = fixedPart(text);
      const occasion = part.length < 12 ? undefined : shown.find((other) => other.text.includes(part));
      console.log(`  ${text}${occasion === undefined ? "" : `  [${occasion.file}]`}`);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) list();
