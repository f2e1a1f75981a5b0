export { emitDocker } from "./docker.ts";
