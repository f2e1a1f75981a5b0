import type { Duplex } from "node:stream";
import {
  bodyBytes,
  chunk,
  eachLine,
  FramingError,
  header,
  headBytes,
  rawBody,
  readHead,
  requestExtent,
  responseExtent,
  statusOf,
  wholeBody,
  withHeaders,
  withLength,
  type Extent,
  type Head,
} from "./framing.ts";
import { ByteReader } from "./reader.ts";

/** A request's first line and headers, and the parts that choose its route. */
export interface Request {
  readonly head: Head;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

/** What the gateway does with one request and its answer, besides passing both on. */
export interface Plan {
  /**
   * The connection may become a stream of the container. Then the answer has no end. The client and the engine use
   * each direction independently of the other.
   */
  readonly hijacks?: boolean;
  /** Returns the request that is sent instead. Throws `Refusal` if it must not be sent. */
  readonly request?: (body: Buffer) => Promise<{ readonly target: string; readonly body: Buffer }>;
  /** Returns the body that the client gets instead of the engine's. It is called for any status. */
  readonly answer?: (status: number, body: Buffer) => Promise<Buffer>;
  /** Changes each line of an answer that comes line by line. `undefined` removes the line. */
  readonly line?: (line: string) => string | undefined;
}

export type Planner = (request: Request) => Plan | undefined;

/** A request that we answer ourselves. Clients show `message` as they show the engine's own words. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Serves one client's connection until either side ends it. Resolves when both are closed. */
export async function serveLink(client: Duplex, dial: () => Promise<Duplex>, plan: Planner): Promise<void> {
  const link = new Link(client, dial, plan);
  try {
    await link.serve();
  } catch (error) {
    if (!(error instanceof FramingError) && !isConnectionError(error)) throw error;
  } finally {
    link.close();
  }
}

function isConnectionError(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    /^E(?:PIPE|CONNRESET|CONNABORTED)$|^ERR_STREAM/.test(String(error.code))
  );
}

class Link {
  readonly #client: Duplex;
  readonly #fromClient: ByteReader;
  readonly #dial: () => Promise<Duplex>;
  readonly #plan: Planner;
  #engine: Duplex | undefined;
  #fromEngine: ByteReader | undefined;

  constructor(client: Duplex, dial: () => Promise<Duplex>, plan: Planner) {
    this.#client = client;
    this.#fromClient = new ByteReader(client);
    this.#dial = dial;
    this.#plan = plan;
    client.on("error", () => client.destroy());
    client.once("close", () => this.#engine?.destroy());
  }

  close(): void {
    this.#client.destroy();
    this.#engine?.destroy();
  }

  async serve(): Promise<void> {
    for (;;) {
      const head = await readHead(this.#fromClient);
      if (head === undefined) return;
      const [method = "", target = ""] = head.start.split(" ");
      const goesOn = await this.#exchange({ head, method, target });
      if (!goesOn) return;
    }
  }

  /** Serves one request. `false` if it was the connection's last. */
  async #exchange(request: Request): Promise<boolean> {
    const plan = this.#plan(request) ?? {};
    const extent = requestExtent(request.head);
    const engine = await this.#connect().catch(async (error: unknown) => {
      await this.#refuse(
        new Refusal(502, `seccomp-gen: ${error instanceof Error ? error.message : "the engine cannot be reached"}`),
      );
      return undefined;
    });
    if (engine === undefined) return false;
    const whole = plan.request !== undefined || plan.hijacks === true;
    if (whole && !(await this.#sendWhole(engine, request, extent, plan))) return true;
    if (!whole) await write(engine, headBytes(request.head));
    // An engine may answer before it has read the whole body. It may never read the rest.
    let isSent = whole;
    const sending = whole
      ? Promise.resolve()
      : this.#copy(rawBody(this.#fromClient, extent), engine).then(
          () => void (isSent = true),
          () => undefined,
        );
    const head = await this.#answerHead();
    if (head === undefined) return false;
    if (statusOf(head) === 101 || (plan.hijacks === true && isStream(head))) return this.#tunnel(head, engine);
    // If a client stops waiting for the rest of an answer, the engine's connection is ended too.
    let unwatch: (() => void) | undefined;
    let isOver = false;
    void sending.then(() => {
      if (isSent && !isOver) unwatch = this.#fromClient.watchEnd(() => engine.end());
    });
    const goesOn = await this.#relay(request, head, plan);
    isOver = true;
    unwatch?.();
    return isSent && goesOn && header(request.head, "connection") !== "close";
  }

  async #connect(): Promise<Duplex> {
    if (this.#engine !== undefined) return this.#engine;
    const engine = await this.#dial();
    engine.on("error", () => engine.destroy());
    engine.once("close", () => {
      if (this.#engine === engine) this.#engine = undefined;
    });
    if (this.#client.destroyed) engine.destroy();
    this.#fromEngine = new ByteReader(engine);
    this.#engine = engine;
    return engine;
  }

  /**
   * Sends head and body in one write. If the body of a hijacking request comes in a second write, dockerd drops the
   * body or takes it for the container's input. Resolves to false if the request was refused.
   */
  async #sendWhole(engine: Duplex, request: Request, extent: Extent, plan: Plan): Promise<boolean> {
    if (header(request.head, "expect") === "100-continue")
      await write(this.#client, Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"));
    const body = await wholeBody(this.#fromClient, extent);
    try {
      const sent = plan.request === undefined ? { target: request.target, body } : await plan.request(body);
      const head = { ...request.head, start: request.head.start.replace(request.target, () => sent.target) };
      const framed =
        extent.kind === "none" && sent.body.length === 0
          ? withHeaders(head, ["expect"])
          : withLength(head, sent.body.length);
      await write(engine, Buffer.concat([headBytes(framed), sent.body]));
      return true;
    } catch (error) {
      // A request that could not be rewritten is never passed on: its container would run untraced.
      await this.#refuse(
        error instanceof Refusal
          ? error
          : new Refusal(500, `seccomp-gen could not trace this: ${wordsOf(error)}`, { cause: error }),
      );
      return false;
    }
  }

  async #refuse({ status, message }: Refusal): Promise<void> {
    const body = Buffer.from(JSON.stringify({ message }));
    const head = {
      start: `HTTP/1.1 ${status} ${reasonOf(status)}`,
      headers: [
        ["Content-Type", "application/json"],
        ["Content-Length", `${body.length}`],
      ] as const,
    };
    await write(this.#client, Buffer.concat([headBytes(head), body]));
  }

  /** The head of the final answer. Interim heads (status 100 to 199, except 101) are passed on before it. */
  async #answerHead(): Promise<Head | undefined> {
    for (;;) {
      const head = this.#fromEngine === undefined ? undefined : await readHead(this.#fromEngine);
      if (head === undefined || statusOf(head) === 101 || !(statusOf(head) < 200)) return head;
      await write(this.#client, headBytes(head));
    }
  }

  /**
   * Passes both directions on, each until its source ends. The bytes that the client sent after its request were held
   * until now.
   */
  async #tunnel(head: Head, engine: Duplex): Promise<false> {
    await write(this.#client, headBytes(head));
    const up = this.#copyAll(this.#fromClient, engine);
    const down = this.#fromEngine === undefined ? Promise.resolve() : this.#copyAll(this.#fromEngine, this.#client);
    await Promise.all([up, down]);
    return false;
  }

  async #copyAll(from: ByteReader, to: Duplex): Promise<void> {
    await this.#copy(rawBody(from, { kind: "close" }), to).catch(() => to.destroy());
    to.end();
  }

  async #copy(bytes: AsyncIterable<Buffer>, to: Duplex): Promise<void> {
    for await (const part of bytes) await write(to, part);
  }

  async #relay(request: Request, head: Head, plan: Plan): Promise<boolean> {
    const from = this.#fromEngine;
    if (from === undefined) return false;
    const extent = responseExtent(head, request.method);
    if (plan.answer !== undefined) {
      const given = await wholeBody(from, extent);
      const body = await plan.answer(statusOf(head), given).catch((error: unknown) => error);
      if (!Buffer.isBuffer(body)) {
        await this.#refuse(body instanceof Refusal ? body : new Refusal(500, `seccomp-gen: ${String(body)}`));
        return true;
      }
      await write(
        this.#client,
        Buffer.concat([headBytes(extent.kind === "none" ? head : withLength(head, body.length)), body]),
      );
    } else if (plan.line !== undefined && extent.kind !== "none") {
      await write(
        this.#client,
        headBytes(withHeaders(head, ["content-length", "transfer-encoding"], [["Transfer-Encoding", "chunked"]])),
      );
      for await (const line of eachLine(bodyBytes(from, extent))) {
        const said = plan.line(line);
        if (said !== undefined) await write(this.#client, chunk(Buffer.from(said)));
      }
      await write(this.#client, chunk(Buffer.alloc(0)));
    } else {
      await write(this.#client, headBytes(head));
      await this.#copy(rawBody(from, extent), this.#client);
    }
    return extent.kind !== "close" && header(head, "connection") !== "close";
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A status line needs some words. Clients show the message instead. */
function reasonOf(status: number): string {
  return status === 502 ? "Bad Gateway" : "Refused";
}

/**
 * dockerd's answer to a hijacking request without `Upgrade` (moby
 * api/server/router/container/container_routes.go): no length, no chunks.
 */
function isStream(head: Head): boolean {
  return statusOf(head) === 200 && header(head, "content-length") === "" && header(head, "transfer-encoding") === "";
}

/** Resolves when more can be written. */
function write(to: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (to.destroyed || to.writableEnded) return reject(new FramingError("the connection is closed"));
    if (to.write(bytes)) return resolve();
    const settle = (): void => {
      to.off("drain", settle);
      to.off("close", settle);
      if (to.destroyed) reject(new FramingError("the connection is closed"));
      else resolve();
    };
    to.on("drain", settle);
    to.on("close", settle);
  });
}
