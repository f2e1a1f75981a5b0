import { expect, test } from "vitest";
import { clientCommand, endpointOf, EngineClient } from "../../src/run/gateway/index.ts";
import { Fleet } from "../../src/run/session/fleet.ts";
import { docker } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";
const engine = new EngineClient(endpointOf(clientCommand(["docker", "run", image]), process.env));

test("A program whose end is heard before its start does not run for ever", async () => {
  const fleet = new Fleet(engine);
  await fleet.watch();
  const id = (await docker("create", "--network", "none", image, "true")).stdout.trim();
  try {
    const container = {
      token: "",
      held: true,
      id,
      spec: {},
      image: { reference: image, document: {} },
      name: undefined,
    };
    const berth = fleet.add(container, { held: true, checked: false });

    await docker("start", "-a", id);
    expect(await fleet.until(() => berth.ends === 1, 20_000)).toBe(true);
    fleet.letGo(berth, 0);
    expect(fleet.running).toEqual([]);
    expect(berth.starts).toBe(1);

    fleet.letGo(berth, 1);
    expect(fleet.running).toEqual([berth]);
    await docker("start", "-a", id);
    expect(await fleet.until(() => berth.ends === 2, 20_000)).toBe(true);
    expect(fleet.running).toEqual([]);

    await docker("rm", "-f", id);
    expect(await fleet.until(() => berth.removed, 20_000)).toBe(true);
    fleet.letGo(berth, 2);
    expect(fleet.running).toEqual([]);
  } finally {
    fleet.close();
    await docker("rm", "-f", id);
  }
});
