import { sessionIsOver } from "../../project/index.ts";
import { gateVolumePrefix, sessionLabel, traceVolumePrefix } from "../container/index.ts";
import { member, textOf, textsOf, type Document, type EngineClient } from "../gateway/index.ts";

/**
 * Removes gates (volumes) of ended sessions that no container mounts any more. If a session left a container for the
 * user, the session's gate stays as long as that container. If the session's traces are still there, the session was
 * killed, and `clean` removes the gate.
 */
export async function removeUnusedGates(engine: EngineClient): Promise<void> {
  const filters = new URLSearchParams({ filters: JSON.stringify({ label: [sessionLabel] }) }).toString();
  const answer = await engine.get<Document>(`/volumes?${filters}`, "listing volumes");
  const listed = member(answer, "Volumes");
  const volumes = (Array.isArray(listed) ? listed : []).map((volume) => ({
    name: textOf(member(volume, "Name")),
    session: textsOf(member(volume, "Labels"))[sessionLabel] ?? "",
  }));
  const names = new Set(volumes.map(({ name }) => name));
  const unused = volumes.filter(
    ({ name, session }) =>
      name.startsWith(gateVolumePrefix) && sessionIsOver(session) && !names.has(traceVolumeOf(name)),
  );
  // The engine refuses to remove a volume that a container mounts.
  await Promise.all(unused.map(({ name }) => engine.call("DELETE", `/volumes/${name}`)));
}

function traceVolumeOf(gate: string): string {
  return gate.replace(gateVolumePrefix, traceVolumePrefix);
}
