import { EngineClient, endpointOf, type ClientCommand } from "../gateway/index.ts";
import { openPodmanService } from "./podman-service.ts";

/** The engine of a command's containers, for as long as it is needed. */
export interface OpenEngine extends AsyncDisposable {
  readonly engine: EngineClient;
}

/** Connects to the engine of the command's clients. Podman without a service gets one. */
export async function openEngine(command: ClientCommand, environment: NodeJS.ProcessEnv): Promise<OpenEngine> {
  const service = await openPodmanService(command, environment);
  return {
    engine: new EngineClient(service?.endpoint ?? endpointOf(command, environment)),
    [Symbol.asyncDispose]: async () => service?.[Symbol.asyncDispose](),
  };
}
