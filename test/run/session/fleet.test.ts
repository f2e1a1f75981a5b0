import { expect, test } from "vitest";
import type { EngineClient, HeldContainer } from "../../../src/run/gateway/index.ts";
import { Fleet } from "../../../src/run/session/fleet.ts";

test("when an engine is gone, none of its containers counts as running", async () => {
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  async function* events(): AsyncGenerator<string> {
    yield JSON.stringify({ Action: "start", Actor: { ID: "c1" } });
    await over;
  }
  const fleet = new Fleet({ lines: async () => events() } as unknown as EngineClient);
  fleet.add({ id: "c1" } as HeldContainer, { held: false, checked: false });
  await fleet.watch();
  expect(await fleet.until(() => fleet.running.length === 1, 1_000)).toBe(true);
  end();
  expect(await fleet.until(() => fleet.running.length === 0, 1_000)).toBe(true);
});
