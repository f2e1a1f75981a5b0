import { isDocument, member, textOf, textsOf, withMember, wordsOf, type Document } from "./document.ts";
import { isSeccomp } from "./hold.ts";

/**
 * The parts of podman's own request for a container (libpod pkg/specgen, SpecGenerator) that matter to seccomp, in the
 * words of Docker's request.
 */
export function dockerSpec(body: Document): Document {
  const host: [string, unknown][] = [
    ["AutoRemove", member(body, "remove") === true],
    ["Privileged", member(body, "privileged") === true],
    ["ReadonlyRootfs", member(body, "read_only_filesystem") === true],
    ["Init", member(body, "init") === true],
    ["CapAdd", wordsOf(member(body, "cap_add"))],
    ["CapDrop", wordsOf(member(body, "cap_drop"))],
    ["PidMode", spaceOf(body, "pidns")],
    ["IpcMode", spaceOf(body, "ipcns")],
    ["UTSMode", spaceOf(body, "utsns")],
    ["UsernsMode", spaceOf(body, "userns")],
    ["Runtime", textOf(member(body, "oci_runtime"))],
    ["SecurityOpt", securityOptions(body)],
  ];
  const spec: [string, unknown][] = [
    ["Image", textOf(member(body, "image"))],
    ["Entrypoint", wordsOf(member(body, "entrypoint"))],
    ["Cmd", wordsOf(member(body, "command"))],
    ["Labels", textsOf(member(body, "labels"))],
    ["Healthcheck", member(body, "healthconfig")],
    ["StopSignal", member(body, "stop_signal")],
    ["HostConfig", Object.fromEntries(host.filter(([, value]) => value !== undefined))],
  ];
  return Object.fromEntries(spec.filter(([, value]) => value !== undefined));
}

/** The mode of a namespace: `host` for `{"nsmode":"host"}`. Empty if the request names none. */
function spaceOf(body: Document, name: string): string {
  return textOf(member(member(body, name), "nsmode"));
}

function securityOptions(body: Document): readonly string[] {
  const profile = textOf(member(body, "seccomp_profile_path"));
  const apparmor = textOf(member(body, "apparmor_profile"));
  return [
    ...(member(body, "no_new_privileges") === true ? ["no-new-privileges"] : []),
    ...(profile === "" ? [] : [`seccomp=${profile}`]),
    ...(apparmor === "" ? [] : [`apparmor=${apparmor}`]),
  ];
}

/**
 * Applies changes in Docker's words to podman's request. Docker's request has a profile as text, and podman's has a
 * file: `profileFile` writes one and returns its path.
 */
export function libpodSpec(
  body: Document,
  before: Document,
  after: Document,
  profileFile: (text: string) => string,
): Document {
  let changed = body;
  const take = (name: string, own: string): void => {
    if (member(after, name) !== member(before, name)) changed = withMember(changed, own, member(after, name));
  };
  take("Entrypoint", "entrypoint");
  take("Cmd", "command");
  take("Healthcheck", "healthconfig");
  const [host, old] = [member(after, "HostConfig"), member(before, "HostConfig")];
  if (host === old || !isDocument(host)) return changed;
  for (const [name, own] of [
    ["CapAdd", "cap_add"],
    ["CapDrop", "cap_drop"],
    ["Privileged", "privileged"],
    ["ReadonlyRootfs", "read_only_filesystem"],
  ] as const) {
    if (member(host, name) !== member(old, name)) changed = withMember(changed, own, member(host, name));
  }
  changed = withVolumes(changed, wordsOf(member(host, "Binds")) ?? [], member(after, "Volumes"));
  changed = withTmpfs(changed, member(host, "Tmpfs"));
  const options = wordsOf(member(host, "SecurityOpt")) ?? [];
  if (options.includes("no-new-privileges")) changed = withMember(changed, "no_new_privileges", true);
  const profile = options.find(isSeccomp)?.slice("seccomp=".length);
  const isText = profile?.trimStart().startsWith("{") === true;
  return withMember(changed, "seccomp_profile_path", isText ? profileFile(profile ?? "") : profile);
}

function withVolumes(body: Document, binds: readonly string[], anonymous: unknown): Document {
  const named = binds.map((bind) => {
    const [name = "", destination = "", options = ""] = bind.split(":");
    return { Name: name, Dest: destination, Options: options.split(",").filter((option) => option !== "") };
  });
  const unnamed = isDocument(anonymous)
    ? Object.keys(anonymous).map((path) => ({ Name: "", Dest: path, Options: [] }))
    : [];
  const volumes = member(body, "volumes");
  const all = [...(Array.isArray(volumes) ? volumes : []), ...named, ...unnamed];
  return all.length === 0 ? body : withMember(body, "volumes", all);
}

function withTmpfs(body: Document, tmpfs: unknown): Document {
  if (!isDocument(tmpfs)) return body;
  const mounts = member(body, "mounts");
  const memory = Object.keys(tmpfs).map((path) => ({ destination: path, type: "tmpfs", source: "tmpfs", options: [] }));
  return withMember(body, "mounts", [...(Array.isArray(mounts) ? mounts : []), ...memory]);
}
