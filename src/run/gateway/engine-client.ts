import type { Duplex } from "node:stream";
import { SeccompGenError } from "../../core/errors/index.ts";
import { bodyBytes, eachLine, headBytes, readHead, responseExtent, statusOf, wholeBody, type Head } from "./framing.ts";
import { ByteReader } from "./reader.ts";
import { dial, type Endpoint } from "./upstream.ts";

/** The engine's answer. `json` is `undefined` if the answer is empty or no JSON. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends our own requests to the engine, beside those of the user's command. If the path has no version, the engine uses
 * its newest.
 */
export class EngineClient {
  readonly endpoint: Endpoint;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const { socket, reader } = await this.#send(
      method,
      path,
      body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
      "application/json",
    );
    return finish(socket, reader, method);
  }

  /** Sends a tar archive. */
  async upload(path: string, tar: Buffer): Promise<Answer> {
    const { socket, reader } = await this.#send("POST", path, tar, "application/x-tar");
    return finish(socket, reader, "POST");
  }

  /** The document that answers a GET. `undefined` if there is none of that name. Throws for any other failure. */
  async get<Document>(path: string, doing: string): Promise<Document | undefined> {
    const { status, text } = await this.call("GET", path);
    if (status === 404) return undefined;
    return JSON.parse(this.#ok({ status, text }, doing)) as Document;
  }

  /** Sends a request that must succeed, and resolves to the document that answers it. */
  async do<Document>(method: string, path: string, body: unknown, doing: string): Promise<Document> {
    const text = this.#ok(await this.call(method, path, body), doing);
    return (text === "" ? undefined : JSON.parse(text)) as Document;
  }

  /**
   * The bytes that answer a GET. `null` if nothing has that name, or if there are more than `most` bytes. `undefined`
   * if the request fails.
   */
  async download(path: string, most: number): Promise<Buffer | null | undefined> {
    const { socket, reader } = await this.#send("GET", path, undefined, "");
    try {
      const head = await readHead(reader);
      if (head === undefined || statusOf(head) !== 200)
        return head !== undefined && statusOf(head) === 404 ? null : undefined;
      const parts: Buffer[] = [];
      let length = 0;
      for await (const part of bodyBytes(reader, responseExtent(head, "GET"))) {
        length += part.length;
        if (length > most) return null;
        parts.push(part);
      }
      return Buffer.concat(parts);
    } finally {
      socket.destroy();
    }
  }

  /** Reads an answer line by line, until the signal aborts. Resolves once the answer has begun. */
  async lines(path: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const { socket, reader } = await this.#send("GET", path, undefined, "");
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
    const head = await readHead(reader);
    if (head === undefined || statusOf(head) !== 200) throw failed(`asking for ${path.split("?")[0] ?? ""}`, "");
    return eachLine(bodyBytes(reader, responseExtent(head, "GET")));
  }

  /** Opens a hijacked connection. After the answer's head, its bytes come from the container. */
  async hijack(
    path: string,
    doing: string,
    body?: unknown,
  ): Promise<{ readonly socket: Duplex; readonly reader: ByteReader }> {
    const socket = await dial(this.endpoint);
    const reader = new ByteReader(socket);
    socket.on("error", () => undefined); // the reader gets its end
    const text = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
    const headers: Head["headers"] = [
      ["Host", "docker"],
      ["Connection", "Upgrade"],
      ["Upgrade", "tcp"],
      ["Content-Type", "application/json"],
      ["Content-Length", `${text.length}`],
    ];
    socket.write(Buffer.concat([headBytes({ start: `POST ${path} HTTP/1.1`, headers }), text]));
    const head = await readHead(reader);
    const status = head === undefined ? 0 : statusOf(head);
    if (status !== 101 && status !== 200) {
      const said = head === undefined ? "" : (await wholeBody(reader, responseExtent(head, "POST"))).toString("utf8");
      socket.destroy();
      throw failed(doing, said);
    }
    return { socket, reader };
  }

  async #send(
    method: string,
    path: string,
    body: Buffer | undefined,
    type: string,
  ): Promise<{ readonly socket: Duplex; readonly reader: ByteReader }> {
    const socket = await dial(this.endpoint);
    socket.on("error", () => undefined);
    const headers: [string, string][] = [
      ["Host", "docker"],
      ["Connection", "close"],
    ];
    if (body !== undefined) headers.push(["Content-Type", type]);
    if (method !== "GET") headers.push(["Content-Length", `${body?.length ?? 0}`]);
    socket.write(Buffer.concat([headBytes({ start: `${method} ${path} HTTP/1.1`, headers }), body ?? Buffer.alloc(0)]));
    return { socket, reader: new ByteReader(socket) };
  }

  #ok({ status, text }: Answer, doing: string): string {
    if (status >= 200 && status < 300) return text;
    throw failed(doing, text);
  }
}

async function finish(socket: Duplex, reader: ByteReader, method: string): Promise<Answer> {
  try {
    const head = await readHead(reader);
    if (head === undefined)
      throw new SeccompGenError({ code: "no-engine", tool: "docker", detail: "the engine closed the connection" });
    return { status: statusOf(head), text: (await wholeBody(reader, responseExtent(head, method))).toString("utf8") };
  } finally {
    socket.destroy();
  }
}

/** The message in the engine's answer. */
export function messageOf(text: string): string {
  try {
    const said = (JSON.parse(text) as { readonly message?: unknown }).message;
    return typeof said === "string" ? said : text;
  } catch {
    return text;
  }
}

function failed(doing: string, text: string): SeccompGenError {
  return new SeccompGenError({ code: "container-cli-failed", tool: "docker", doing, detail: messageOf(text).trim() });
}
