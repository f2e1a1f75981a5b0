/** Filter → text or bytes. One file per output format. */
export { emitBpf, emitBpfText, encodeProgram } from "./bpf.ts";
export { emitCompose } from "./compose.ts";
export { emitDocker } from "./docker.ts";
export { emitFirejail } from "./firejail.ts";
export { emitPod, emitSecurityProfile } from "./kubernetes.ts";
export { emitOci, type AppliedProfile } from "./oci.ts";
export { emitSystemd } from "./systemd.ts";
