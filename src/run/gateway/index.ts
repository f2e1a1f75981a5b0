/** A private socket that speaks like the engine behind it, and changes what a recording needs changed. */
export { clientCommand, type ClientCommand } from "./client-command.ts";
export {
  Containers,
  type Decision,
  type Gate,
  type HeldContainer,
  type InspectedImage,
  type Overseer,
  type SpecChange,
} from "./containers.ts";
export { isDocument, member, textOf, textsOf, withMember, wordsOf, type Document } from "./document.ts";
export { endpointOf, hasNoDocker } from "./endpoint.ts";
export { EngineClient, messageOf } from "./engine-client.ts";
export { openGateway, type Gateway } from "./gateway.ts";
export {
  gateFolder,
  healthTest,
  holderPath,
  imageConfig,
  isSeccomp,
  parseToken,
  startedWords,
  withSeccomp,
  type Part,
} from "./hold.ts";
export { proxyArguments } from "./proxies.ts";
export { ByteReader } from "./reader.ts";
export { streamsOf } from "./streams.ts";
export { dial, type Endpoint } from "./upstream.ts";
