import { EngineClient, endpointOf, type ClientCommand } from "../gateway/index.ts";
import { openPodmanService } from "./podman-service.ts";

/** The engine that a command's containers run on, for as long as it is needed. */
export interface OpenEngine extends AsyncDisposable {
  readonly engine: EngineClient;
}

/** Connects to the engine that the command's clients would talk to. Podman without a service gets one. */
export async function openEngine(command: ClientCommand, environment: NodeJS.ProcessEnv): Promise<OpenEngine> {
  const service = await openPodmanService(command, environment);
  return {
    engine: new EngineClient(service?.endpoint ?? endpointOf(command, environment)),
    [Symbol.asyncDispose]: async () => service?.[Symbol.asyncDispose](),
  };
}
