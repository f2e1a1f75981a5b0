import type { Arg, StraceEvent } from "../../src/strace-parser/index.ts";

/** An event on one line, with everything decoded: what the corpus holds. */
export function formatEvent(event: StraceEvent): string {
  const { tracee, source } = event;
  const who = `${source.line}:${source.column} ${tracee.pid ?? "-"}${tracee.comm === undefined ? "" : `<${tracee.comm}>`}`;
  switch (event.kind) {
    case "syscall": {
      const args = event.args
        .map(
          (arg, index) => `${event.argNames[index] === undefined ? "" : `${event.argNames[index]}=`}${formatArg(arg)}`,
        )
        .join(", ");
      const marks = [
        event.number === undefined ? "" : `#${event.number}`,
        event.personality === "64 bit" ? "" : event.personality,
        event.injected ? "injected" : "",
        event.argsComplete ? "" : "cut",
      ].filter((mark) => mark !== "");
      return `${who} ${event.name}(${args}) = ${formatResult(event.result)}${marks.length === 0 ? "" : ` [${marks.join(", ")}]`}`;
    }
    case "signal":
      return `${who} signal ${event.signal}${event.stop ? " stop" : ""}${event.info === undefined ? "" : ` ${formatArg(event.info)}`}`;
    case "exit":
      return `${who} ${event.status.type === "exited" ? `exited ${event.status.code}` : `killed ${event.status.signal}${event.status.coreDumped ? " core" : ""}`}`;
    case "superseded":
      return `${who} superseded by ${event.by}`;
    case "personality":
      return `${who} personality ${event.personality}`;
    case "message":
      return `${who} message ${JSON.stringify(event.text)}`;
    case "unparsed":
      return `${who} UNPARSED ${event.reason}: ${JSON.stringify(event.text)}`;
    default:
      return event satisfies never;
  }
}

export function formatResult(result: Extract<StraceEvent, { kind: "syscall" }>["result"]): string {
  return result.type === "value"
    ? `${result.value}`
    : result.type === "error" || result.type === "restart"
      ? `${result.type} ${result.errno}`
      : result.type;
}

export function formatArg(arg: Arg): string {
  switch (arg.type) {
    case "number":
    case "flags":
      return `${arg.type === "flags" ? `${arg.symbols.join("|")}+` : ""}${arg.value}${arg.comment === undefined ? "" : `'${arg.comment}'`}${arg.annotation === undefined ? "" : `<${arg.annotation}>`}`;
    case "string":
      return `${JSON.stringify(Buffer.from(arg.bytes).toString("latin1"))}${arg.cut ? "…" : ""}`;
    case "struct":
      return `{${arg.fields.map(({ name, value }) => `${name === undefined ? "" : `${name}=`}${formatArg(value)}`).join(", ")}${arg.abbreviated ? ", …" : ""}}`;
    case "array":
      return `${arg.negated ? "~" : ""}[${arg.elements.map(formatArg).join(", ")}${arg.abbreviated ? ", …" : ""}]`;
    case "call":
      return `${arg.name}(${arg.args.map(formatArg).join(", ")})`;
    case "change":
      return `${formatArg(arg.before)} => ${formatArg(arg.after)}`;
    case "null":
      return "NULL";
    case "unknown":
      return `¿${arg.text}?`;
    default:
      return arg satisfies never;
  }
}
