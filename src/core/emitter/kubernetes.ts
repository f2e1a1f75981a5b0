import { ociSeccomp, type AppliedProfile } from "./oci.ts";

/**
 * Architectures of libseccomp that the operator's schema does not list
 * (api/seccompprofile/v1/seccompprofile_types.go, Arch).
 */
const unknownArches: ReadonlySet<string> = new Set([
  "SCMP_ARCH_LOONGARCH64",
  "SCMP_ARCH_M68K",
  "SCMP_ARCH_SH",
  "SCMP_ARCH_SHEB",
]);

/** The largest integer that Kubernetes reads. */
const largest = 0x7fff_ffff_ffff_ffffn;

/**
 * A SeccompProfile of the security-profiles-operator (api/seccompprofile/v1beta1). This format has no defaultErrnoRet.
 * Throws RangeError for a profile that the API server would refuse.
 */
export function emitSecurityProfile(applied: AppliedProfile): string {
  const { defaultAction, architectures, syscalls } = ociSeccomp(applied);
  const strange = architectures.find((arch) => unknownArches.has(arch));
  if (strange !== undefined) throw new RangeError(`the operator does not know ${strange}`);
  for (const { names, args = [] } of syscalls) {
    const large = args.flatMap(({ value, valueTwo }) => [value, valueTwo ?? 0n]).find((value) => value > largest);
    if (large !== undefined)
      throw new RangeError(
        `${names.join(", ")} is compared with ${large}, and Kubernetes accepts integers up to ${largest}`,
      );
  }
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
      ...(args.length === 0
        ? []
        : [
            "    args:",
            ...args.flatMap(({ index, value, valueTwo, op }) => [
              `    - index: ${index}`,
              `      value: ${value}`,
              ...(valueTwo === undefined ? [] : [`      valueTwo: ${valueTwo}`]),
              `      op: ${op}`,
            ]),
          ]),
    ]),
    "",
  ].join("\n");
}

/**
 * The lines with which a pod runs under a profile in the kubelet's folder (kubernetes.io, "Restrict a Container's
 * Syscalls with seccomp").
 */
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

/** Makes a name that RFC 1123 allows. */
function kubernetesName(name: string): string {
  const allowed = name.toLowerCase().replace(/[^a-z0-9-]+/g, "-");
  let end = allowed.length;
  while (allowed[end - 1] === "-") end -= 1;
  return allowed.slice(0, end).replace(/^-+/, "").slice(0, 63) || "profile";
}
