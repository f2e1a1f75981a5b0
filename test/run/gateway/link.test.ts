import { createServer, connect, type Server, type Socket } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Refusal, serveLink, type Planner } from "../../../src/run/gateway/link.ts";
import { dial } from "../../../src/run/gateway/upstream.ts";

let folder = "";
const servers: Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "seccomp-gen-test-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true });
});

function listen(path: string, serve: (socket: Socket) => void): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, serve);
  servers.push(server);
  return new Promise((resolve) => server.listen(path, resolve));
}

/**
 * An engine that answers each request with what it got, and a gateway before it. Returns what the client got back, and
 * what the engine got.
 */
async function talk(
  plan: Planner,
  said: string,
  answer: (got: string, socket: Socket) => void,
): Promise<{ got: string; back: string }> {
  const [engine, gateway] = [join(folder, "engine"), join(folder, "gateway")];
  let got = "";
  await listen(engine, (socket) => {
    socket.on("data", (bytes) => {
      got += bytes.toString("latin1");
      answer(got, socket);
    });
    socket.on("end", () => setTimeout(() => socket.end(), 20));
  });
  await listen(gateway, (socket) => void serveLink(socket, () => dial({ kind: "unix", path: engine }), plan));
  const client = connect({ path: gateway, allowHalfOpen: true });
  let back = "";
  client.on("data", (bytes) => (back += bytes.toString("latin1")));
  client.write(said);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => client.end(), 300);
    client.on("close", () => (clearTimeout(timer), resolve()));
    client.on("end", () => client.end());
  });
  return { got, back };
}

const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test("what nobody asked about passes byte for byte, several requests on one connection", async () => {
  const said = "GET /a HTTP/1.1\r\nx-lower: 1\r\nX-Upper:2\r\n\r\n";
  let answered = 0;
  const { got, back } = await talk(
    () => undefined,
    said + said,
    (all, socket) => {
      for (; answered < all.split("GET /a").length - 1; answered += 1) socket.write(ok(`n${answered}`));
    },
  );
  expect(got).toBe(said.replace("X-Upper:2", "X-Upper: 2").repeat(2));
  expect(back).toBe(ok("n0") + ok("n1"));
});

test("a request is rewritten with its length, and expects nothing any more", async () => {
  const plan: Planner = () => ({
    request: async (body) => ({ target: "/b", body: Buffer.from(`${body.toString()}!!`) }),
  });
  const said = "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi";
  const { got, back } = await talk(plan, said, (_, socket) => socket.write(ok("")));
  expect(got).toBe("POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\nhi!!");
  expect(back).toBe(`HTTP/1.1 100 Continue\r\n\r\n${ok("")}`);
});

test("what cannot be rewritten never reaches the engine", async () => {
  for (const error of [new Refusal(404, "none"), new SyntaxError("broken")]) {
    const plan: Planner = () => ({ request: async () => Promise.reject(error) });
    const { got, back } = await talk(plan, "POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", () => undefined);
    expect(got).toBe("");
    expect(back).toMatch(
      error instanceof Refusal ? /^HTTP\/1.1 404 .*"none"/s : /^HTTP\/1.1 500 .*could not trace this: broken/s,
    );
    for (const server of servers.splice(0)) server.close();
  }
});

test("a hijacked connection takes a body with its head, and each direction ends alone", async () => {
  const pieces: string[] = [];
  const said = "POST /exec/1/start HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}early input;";
  const { back } = await talk(
    () => ({ hijacks: true }),
    said,
    (all, socket) => {
      if (pieces.length === 0)
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n");
      pieces.push(all);
      socket.once("end", () => socket.write("after your end"));
    },
  );
  expect(pieces[0]).toBe("POST /exec/1/start HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
  expect(pieces.at(-1)).toContain("{}early input;");
  expect(back).toContain("after your end");
});

test("after a refused hijack the connection stays HTTP", async () => {
  const said = "POST /x/attach HTTP/1.1\r\nUpgrade: tcp\r\n\r\n";
  let count = 0;
  const plan: Planner = ({ target }) => (target === "/x/attach" ? { hijacks: true } : undefined);
  const { back } = await talk(plan, `${said}GET /b HTTP/1.1\r\n\r\n`, (all, socket) => {
    if (count === 0) socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
    if (all.includes("GET /b") && count < 2) socket.write(ok("b"));
    count += 1;
  });
  expect(back).toBe(`HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}${ok("b")}`);
});

test("lines of a stream are changed and left out as they come", async () => {
  const plan: Planner = () => ({ line: (line) => (line.startsWith("no") ? undefined : line.toUpperCase()) });
  const answer =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nyes\nno\r\n4\r\nt\nya\r\n2\r\ny\n\r\n0\r\n\r\n";
  const { back } = await talk(plan, "GET /events HTTP/1.1\r\n\r\n", (_, socket) => socket.write(answer));
  expect(back).toBe("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nYES\n\r\n4\r\nYAY\n\r\n0\r\n\r\n");
});
