import { ownSession } from "../../project/index.ts";
import { sessionLabel } from "../container/index.ts";
import { streamsOf, type EngineClient } from "../gateway/index.ts";
import { sayingsOf } from "./frames.ts";
import { tracerFolder } from "./image.ts";
import { withoutHeld } from "./without-held.ts";

/** A trace that an ended session left, and what was stored beside it. */
export interface LeftTrace {
  readonly about: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Reads the traces on the volume of an ended session, one after the other. */
export async function readLeft(
  engine: EngineClient,
  image: string,
  volume: string,
  each: (trace: LeftTrace) => Promise<void>,
): Promise<void> {
  const spec = {
    Image: image,
    Labels: { [sessionLabel]: ownSession() },
    Entrypoint: [`${tracerFolder}/keeper`, "read", "/trace"],
    User: "0",
    AttachStdout: true,
    AttachStderr: true,
    NetworkDisabled: true,
    HostConfig: {
      AutoRemove: true,
      Binds: [`${volume}:/trace:ro,nocopy`],
      CapDrop: ["ALL"],
      LogConfig: { Type: "none" },
      NetworkMode: "none",
      ReadonlyRootfs: true,
      SecurityOpt: ["no-new-privileges", "label=disable"],
      UsernsMode: "host",
    },
  };
  const doing = "reading the traces of a killed recording";
  const { Id: container } = await engine.do<{ readonly Id: string }>("POST", "/containers/create", spec, doing);
  const { socket, reader } = await engine.hijack(`/containers/${container}/attach?stream=1&stdout=1&stderr=1`, doing);
  try {
    await engine.do("POST", `/containers/${container}/start`, undefined, doing);
    const sayings = sayingsOf(streamsOf(reader, () => undefined));
    for (;;) {
      const first = await sayings.next();
      if (first.done === true) return;
      if (first.value.kind !== "about") continue;
      const about = Buffer.from(first.value.bytes.toString("latin1"), "base64url").toString("utf8");
      await each({ about, chunks: withoutHeld(dataOf(sayings)) });
    }
  } finally {
    socket.destroy();
    await engine.call("DELETE", `/containers/${container}?force=1`);
  }
}

/** The bytes of one trace, up to the message that says that the trace ended. */
async function* dataOf(sayings: ReturnType<typeof sayingsOf>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await sayings.next();
    if (next.done === true || next.value.kind === "end") return;
    if (next.value.kind === "data") yield next.value.bytes;
  }
}
