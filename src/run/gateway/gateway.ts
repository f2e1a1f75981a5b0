import { chmod, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { sessionFolder } from "../container/index.ts";
import { type Planner, serveLink } from "./link.ts";
import { dial, type Endpoint } from "./upstream.ts";

/** A private socket that speaks as the engine behind it. */
export interface Gateway extends AsyncDisposable {
  /** Value for DOCKER_HOST. */
  readonly host: string;
}

/** Opens the socket in a folder that only this user can enter. */
export async function openGateway(
  endpoint: Endpoint,
  plan: Planner,
  onFailure: (error: unknown) => void,
): Promise<Gateway> {
  const folder = await sessionFolder();
  await chmod(folder, 0o700);
  const path = join(folder, "docker.sock");
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    serveLink(client, () => dial(endpoint), plan).catch(onFailure);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    host: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const client of clients) client.destroy();
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
