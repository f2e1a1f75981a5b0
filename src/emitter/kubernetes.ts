import { ociSeccomp } from "./oci.ts";
import type { AppliedProfile } from "./oci.ts";

/** A SeccompProfile of the security-profiles-operator (api/seccompprofile/v1beta1). It knows no defaultErrnoRet. */
export function emitSecurityProfile(applied: AppliedProfile): string {
  const { defaultAction, architectures, syscalls } = ociSeccomp(applied);
  return [
    "apiVersion: security-profiles-operator.x-k8s.io/v1beta1",
    "kind: SeccompProfile",
    "metadata:",
    `  name: ${kubernetesName(applied.name)}`,
    "spec:",
    `  defaultAction: ${defaultAction}`,
    "  architectures:",
    ...architectures.map((arch) => `  - ${arch}`),
    "  syscalls:",
    ...syscalls.flatMap(({ names, action, errnoRet, args = [] }) => [
      `  - action: ${action}`,
      ...(errnoRet === undefined ? [] : [`    errnoRet: ${errnoRet}`]),
      "    names:",
      ...names.map((name) => `    - ${/^[a-z0-9_]+$/.test(name) ? name : JSON.stringify(name)}`),
      ...(args.length === 0 ? [] : ["    args:", ...args.flatMap(({ index, value, valueTwo, op }) => [`    - index: ${index}`, `      value: ${value}`, ...(valueTwo === undefined ? [] : [`      valueTwo: ${valueTwo}`]), `      op: ${op}`])]),
    ]),
    "",
  ].join("\n");
}

/** What a pod says to run under a profile that lies in the kubelet's folder (kubernetes.io, "Restrict a Container's Syscalls with seccomp"). */
export function emitPod({ name }: AppliedProfile): string {
  return [
    `# Copy the profile to every node: /var/lib/kubelet/seccomp/profiles/${name}.json`,
    "securityContext:",
    "  seccompProfile:",
    "    type: Localhost",
    `    localhostProfile: profiles/${name}.json`,
    "",
  ].join("\n");
}

/** RFC 1123. */
function kubernetesName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63) || "profile";
}
