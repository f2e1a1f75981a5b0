import { nameFromImage } from "../../project/index.ts";
import { member, textOf, textsOf, type Document, type InspectedImage } from "../gateway/index.ts";

/** Images of containers that tools start for themselves. */
const helpers: readonly RegExp[] = [
  /(?:^|\/)testcontainers\/[a-z-]+/,
  /(?:^|\/)moby\/buildkit(?:[:@]|$)/,
  /^seccomp-gen-tracer(?:[:@]|$)/,
];

export function isHelper(reference: string): boolean {
  return helpers.some((helper) => helper.test(reference));
}

/**
 * The name of a container's recording: its Compose service, or else its image, or else the container's own name. Only
 * the request's label gives the service, because an image that Compose built has such a label too.
 */
export function recordingName(spec: Document, image: InspectedImage, name: string | undefined): string {
  const service = textsOf(member(spec, "Labels"))["com.docker.compose.service"];
  if (service !== undefined && service !== "") return safe(service);
  const fromImage = /^(?:sha256:)?[0-9a-f]{12,64}$/.test(image.reference)
    ? taggedName(image.document)
    : nameFromImage(image.reference);
  return safe(fromImage ?? name ?? textOf(member(image.document, "Id")).replace("sha256:", "").slice(0, 12));
}

/** The name of an image that the client gave by its id. */
function taggedName(image: Document): string | undefined {
  const tags = member(image, "RepoTags");
  const [tag] = Array.isArray(tags) ? tags : [];
  return typeof tag === "string" && !tag.startsWith("<none>") ? nameFromImage(tag) : undefined;
}

/** Names become folders and files. */
function safe(name: string): string {
  const kept = name.replace(/[^A-Za-z0-9._-]/g, "-").replace(/^[.-]+/, "");
  return kept === "" ? "container" : kept.slice(0, 128);
}
