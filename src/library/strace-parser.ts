/** Logs of strace(1) → events. */
export {
  createStraceParser,
  parseStrace,
  parseStraceSync,
  type Arg,
  type StraceEvent,
  type StraceParser,
  type SyscallEvent,
} from "../strace-parser/index.ts";
