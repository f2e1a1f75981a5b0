import type { Aggregate } from "./aggregator.ts";

const clients = [
  "docker",
  "docker-compose",
  "podman",
  "podman-compose",
  "nerdctl",
  "ctr",
  "crictl",
  "buildah",
  "kubectl",
  "oc",
  "helm",
  "minikube",
  "kind",
  "k3s",
  "microk8s",
] as const;

export type ContainerClient = (typeof clients)[number];

/** Programs that ask another program to start containers. */
export const containerClients: ReadonlySet<string> = new Set(clients);

/** A container client that connected to something, such as its engine. `undefined` if there is none. */
export function connectedClient({ syscalls }: Pick<Aggregate, "syscalls">): string | undefined {
  const programs = Object.values(syscalls).flatMap((calls) => calls["connect"]?.processes ?? []);
  return programs.find((program) => containerClients.has(program));
}
