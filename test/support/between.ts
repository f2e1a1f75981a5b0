import { endpointOf, openGateway, type Document, type Gateway } from "../../src/run/gateway/index.ts";

/** A socket in front of the tests' engine, and the requests that came through it. */
export interface Between extends AsyncDisposable {
  /** Value for DOCKER_HOST. */
  readonly host: string;
  /** `POST /containers/create`, without versions and queries. */
  readonly asked: readonly string[];
}

/** Opens the socket. `change` returns the `containers/create` that the engine gets instead. */
export async function standBetween(
  change: (body: Document, name: string) => Document = (body) => body,
): Promise<Between> {
  const asked: string[] = [];
  const engine = endpointOf({ words: [], program: "", tool: undefined }, process.env);
  const gateway: Gateway = await openGateway(
    engine,
    ({ method, target }) => {
      const [path = "", query = ""] = target.replace(/^\/v[\d.]+(?=\/)/, "").split("?");
      asked.push(`${method} ${path}`);
      if (/^\/(?:containers\/[^/]+\/attach|exec\/[^/]+\/start|session|grpc)$/.test(path)) return { hijacks: true };
      if (path !== "/containers/create") return undefined;
      const name = new URLSearchParams(query).get("name") ?? "";
      return {
        request: async (body) => ({
          target,
          body: Buffer.from(JSON.stringify(change(JSON.parse(body.toString("utf8")) as Document, name))),
        }),
      };
    },
    () => undefined,
  );
  return { host: gateway.host, asked, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}
