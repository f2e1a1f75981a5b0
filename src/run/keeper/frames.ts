/** A message of the keeper (keeper.c). */
export type Saying =
  | { readonly kind: "ready"; readonly strace: string }
  | {
      readonly kind: "hello";
      readonly number: number;
      readonly token: string;
      readonly inContainer: number;
      readonly capabilities: bigint;
      readonly noNewPrivileges: boolean;
    }
  /** `gone`: the program was killed while it was held. It made no call. */
  | { readonly kind: "traced" | "gone" | "failed" | "let"; readonly number: number }
  | { readonly kind: "data" | "about"; readonly number: number; readonly bytes: Buffer }
  | {
      readonly kind: "end";
      readonly number: number;
      readonly how: "exited" | "killed";
      readonly code: number;
      readonly length: number;
    }
  /** A program was let go untraced, because too many were held or traced. */
  | { readonly kind: "full" };

/** Reads the keeper's messages from its standard output. An incomplete last message is dropped. */
export async function* sayingsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Saying> {
  let open: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    open = open.length === 0 ? chunk : Buffer.concat([open, chunk]);
    for (;;) {
      const end = open.indexOf(0x0a);
      if (end < 0) break;
      const words = open.toString("latin1", 0, end).split(" ");
      const body = words[0] === "data" || words[0] === "about" ? Number(words[2]) : 0;
      if (open.length < end + 1 + body) break;
      const saying = parseSaying(words, open.subarray(end + 1, end + 1 + body));
      open = open.subarray(end + 1 + body);
      if (saying !== undefined) yield saying;
    }
  }
}

function parseSaying(words: readonly string[], bytes: Buffer): Saying | undefined {
  const [kind = "", first = "", second = "", ...more] = words;
  const number = Number(first);
  switch (kind) {
    case "ready":
      return { kind, strace: first };
    case "hello": {
      const [token = "", inContainer = "", capabilities = "", privileges = ""] = more;
      return {
        kind,
        number,
        token,
        inContainer: Number(inContainer),
        capabilities: /^[0-9a-f]+$/.test(capabilities) ? BigInt(`0x${capabilities}`) : 0n,
        noNewPrivileges: privileges === "1",
      };
    }
    case "traced":
    case "gone":
    case "failed":
    case "let":
      return { kind, number };
    case "data":
    case "about":
      return { kind, number, bytes };
    case "end":
      return {
        kind,
        number,
        how: second === "exited" ? "exited" : "killed",
        code: Number(more[0]),
        length: Number(more[1]),
      };
    case "full":
      return { kind };
    default:
      return undefined;
  }
}
