/** The meaning of a request to the Engine API, as far as it matters here (moby api/swagger.yaml). */
export type Route =
  /** `libpod`: in podman's own words. */
  | { readonly kind: "create"; readonly name: string | undefined; readonly libpod: boolean }
  | { readonly kind: "start"; readonly container: string }
  /** The connection becomes the container's streams. */
  | { readonly kind: "attach"; readonly container: string }
  | { readonly kind: "inspect"; readonly container: string }
  | { readonly kind: "changes"; readonly container: string }
  | { readonly kind: "exec"; readonly container: string }
  | { readonly kind: "commit"; readonly container: string }
  | { readonly kind: "network" }
  /** The client wants to remove images: one by its name, or all that no container uses. */
  | { readonly kind: "remove-images" }
  | { readonly kind: "inspect-exec" }
  | { readonly kind: "list" }
  | { readonly kind: "volumes" }
  | { readonly kind: "events" }
  /** The connection may become a stream: exec, BuildKit. */
  | { readonly kind: "hijack" }
  | { readonly kind: "other" };

type Pattern = readonly [method: string, path: RegExp, route: (id: string, query: URLSearchParams) => Route];

/** Patterns of paths without the version. A request's path may begin with a version. */
const patterns: readonly Pattern[] = [
  [
    "POST",
    /^\/containers\/create$/,
    (_, query) => ({ kind: "create", name: query.get("name") ?? undefined, libpod: false }),
  ],
  ["POST", /^\/containers\/([^/]+)\/(?:start|restart)$/, (container) => ({ kind: "start", container })],
  ["GET", /^\/containers\/json$/, () => ({ kind: "list" })],
  ["GET", /^\/containers\/([^/]+)\/json$/, (container) => ({ kind: "inspect", container })],
  ["GET", /^\/containers\/([^/]+)\/changes$/, (container) => ({ kind: "changes", container })],
  ["POST", /^\/containers\/([^/]+)\/exec$/, (container) => ({ kind: "exec", container })],
  ["POST", /^\/containers\/([^/]+)\/attach$/, (container) => ({ kind: "attach", container })],
  ["GET", /^\/containers\/[^/]+\/attach\/ws$/, () => ({ kind: "hijack" })],
  ["POST", /^\/exec\/[^/]+\/start$/, () => ({ kind: "hijack" })],
  ["GET", /^\/exec\/[^/]+\/json$/, () => ({ kind: "inspect-exec" })],
  ["POST", /^\/(?:session|grpc)$/, () => ({ kind: "hijack" })],
  ["POST", /^\/commit$/, (_, query) => ({ kind: "commit", container: query.get("container") ?? "" })],
  ["POST", /^\/networks\/create$/, () => ({ kind: "network" })],
  ["DELETE", /^\/images\/.+$/, () => ({ kind: "remove-images" })],
  ["POST", /^\/images\/prune$/, () => ({ kind: "remove-images" })],
  ["GET", /^\/volumes$/, () => ({ kind: "volumes" })],
  ["GET", /^\/events$/, () => ({ kind: "events" })],
];

export function routeOf(method: string, target: string): Route {
  const [path = "", query = ""] = splitTarget(target);
  const unversioned = path.replace(/^\/v\d+(?:\.\d+)*(?=\/)/, "");
  const plain = unversioned.replace(/^\/libpod(?=\/)/, "");
  for (const [verb, pattern, route] of patterns) {
    const match = method === verb ? pattern.exec(plain) : null;
    if (match === null) continue;
    const found = route(decode(match[1] ?? ""), new URLSearchParams(query));
    return found.kind === "create" ? { ...found, libpod: plain !== unversioned } : found;
  }
  return { kind: "other" };
}

/** The target with one more parameter. */
export function withParameter(target: string, name: string, value: string): string {
  return `${target}${target.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(value)}`;
}

function splitTarget(target: string): readonly string[] {
  const at = target.indexOf("?");
  return at < 0 ? [target] : [target.slice(0, at), target.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
