import { connect, isIP } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { spawn } from "node:child_process";
import { SeccompGenError } from "../../core/errors/index.ts";

/** The address at which an engine listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: Tls | undefined }
  /**
   * A command that provides the connection: `docker --context X system dial-stdio`, for ssh and other ways that the CLI
   * knows.
   */
  | { readonly kind: "command"; readonly words: readonly string[] };

/** Contents of PEM files. If `ca` is `undefined`, the system's certificates count. */
export interface Tls {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly skipVerify: boolean;
}

/** Opens a connection to the engine. Each direction can end alone. Rejects with `no-engine` or `engine-permission`. */
export async function dial(endpoint: Endpoint): Promise<Duplex> {
  if (endpoint.kind === "command") return dialCommand(endpoint.words);
  const plain = connect(
    endpoint.kind === "unix"
      ? { path: endpoint.path, allowHalfOpen: true }
      : { host: endpoint.host, port: endpoint.port, allowHalfOpen: true },
  );
  const tls = endpoint.kind === "tcp" ? endpoint.tls : undefined;
  // One direction of a TLS socket can end alone if the socket below it allows that.
  const socket =
    tls === undefined || endpoint.kind !== "tcp"
      ? plain
      : connectTls({ socket: plain, servername: isIP(endpoint.host) === 0 ? endpoint.host : "", ...pem(tls) });
  await new Promise<void>((resolve, reject) => {
    socket.once(tls === undefined ? "connect" : "secureConnect", resolve);
    const fail = (error: NodeJS.ErrnoException): void => {
      const code = error.code === "EACCES" ? "engine-permission" : "no-engine";
      reject(new SeccompGenError({ code, tool: "docker", detail: error.message }, { cause: error }));
    };
    for (const each of [plain, socket]) each.once("error", fail);
  });
  plain.setNoDelay(true);
  return socket;
}

function pem({ ca, cert, key, skipVerify }: Tls): object {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: !skipVerify,
  };
}

/** The command's standard input and output are the two directions (docker CLI, cli/command/system/dial_stdio.go). */
function dialCommand([file = "", ...words]: readonly string[]): Promise<Duplex> {
  const child = spawn(file, words, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  let complaint = "";
  child.stderr.on("data", (bytes: Buffer) => (complaint = (complaint + bytes.toString("utf8")).slice(-2000)));
  const both = Duplex.from({ writable: child.stdin, readable: child.stdout });
  both.once("close", () => child.kill());
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(noEngine(error.message, error)));
    child.once("exit", (code) => {
      if (code !== 0) both.destroy(noEngine(complaint.trim()));
    });
    child.once("spawn", () => resolve(both));
  });
}

function noEngine(detail: string, cause?: unknown): SeccompGenError {
  return new SeccompGenError({ code: "no-engine", tool: "docker", detail }, { cause });
}
