/** Text made safe where it leaves the program, and JSON as it is written. */
export { decoded } from "./decoded.ts";
export {
  escapeJson,
  escapeLine,
  escapeShell,
  escapeTerminal,
  isPlainWord,
  shellWord,
  withoutCommands,
} from "./escape.ts";
export { jsonText } from "./json-text.ts";
