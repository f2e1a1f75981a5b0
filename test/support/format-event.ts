import type { Arg, StraceEvent } from "../../src/strace-parser/index.ts";

/** An event on one line, with everything decoded, as the corpus has it. */
export function formatEvent(event: StraceEvent): string {
  const { tracee, source } = event;
  const who = `${source.line}:${source.column} ${tracee.pid ?? "-"}${wrapped("<", tracee.comm, ">")}`;
  switch (event.kind) {
    case "syscall": {
      const args = event.args.map((arg, index) => wrapped("", event.argNames[index], "=") + formatArg(arg)).join(", ");
      const marks = [
        event.number === undefined ? "" : `#${event.number}`,
        event.personality === "64 bit" ? "" : event.personality,
        event.injected ? "injected" : "",
        event.argsComplete ? "" : "cut",
      ].filter((mark) => mark !== "");
      const end = marks.length === 0 ? "" : ` [${marks.join(", ")}]`;
      return `${who} ${event.name}(${args}) = ${formatResult(event.result)}${end}`;
    }
    case "signal":
      return [
        who,
        "signal",
        event.signal,
        ...(event.stop ? ["stop"] : []),
        ...(event.info ? [formatArg(event.info)] : []),
      ].join(" ");
    case "exit":
      if (event.status.type === "exited") return `${who} exited ${event.status.code}`;
      return `${who} killed ${event.status.signal}${event.status.coreDumped ? " core" : ""}`;
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

function formatField({ name, value }: Extract<Arg, { type: "struct" }>["fields"][number]): string {
  return wrapped("", name, "=") + formatArg(value);
}

/** The text between two others. Empty if there is no text. */
function wrapped(before: string, text: string | undefined, after: string): string {
  return text === undefined ? "" : `${before}${text}${after}`;
}

export function formatArg(arg: Arg): string {
  switch (arg.type) {
    case "number":
    case "flags":
      return [
        arg.type === "flags" ? `${arg.symbols.join("|")}+` : "",
        arg.value,
        wrapped("'", arg.comment, "'"),
        wrapped("<", arg.annotation, ">"),
      ].join("");
    case "string":
      return `${JSON.stringify(Buffer.from(arg.bytes).toString("latin1"))}${arg.cut ? "…" : ""}`;
    case "struct":
      return `{${arg.fields.map(formatField).join(", ")}${arg.abbreviated ? ", …" : ""}}`;
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
