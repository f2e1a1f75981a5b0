export { escapeLine, escapeTerminal } from "../escape.ts";
