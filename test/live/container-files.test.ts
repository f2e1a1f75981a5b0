import { expect, test } from "vitest";
import { clientCommand, endpointOf, EngineClient } from "../../src/run/gateway/index.ts";
import { ownSession } from "../../src/project/index.ts";
import { Summaries } from "../../src/logs/index.ts";
import { ContainerFiles, StandIns } from "../../src/run/recorder/container-files.ts";
import { standBetween } from "../support/between.ts";
import { docker, leftovers, workplace } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";
const engine = new EngineClient(endpointOf(clientCommand(["docker", "run", image]), process.env));

async function started(...options: readonly string[]): Promise<string> {
  return (await docker("run", "-d", "--network", "none", ...options, image, "sleep", "600")).stdout.trim();
}

async function held(id: string, standIns: StandIns, isGone = false): Promise<ContainerFiles> {
  const document = JSON.parse((await docker("image", "inspect", image, "--format", "{{json .}}")).stdout) as object;
  return new ContainerFiles(
    engine,
    {
      token: "",
      held: true,
      id,
      spec: {},
      image: { reference: image, document: document as never },
      name: undefined,
    },
    standIns,
    isGone,
  );
}

/** A cache of its own, which no earlier test has filled. */
const ownCache = async (): Promise<Summaries> => new Summaries(await workplace());

test("A container that is removed between two files loses none of its image's files", async () => {
  const before = await leftovers();
  const id = await started("--rm");
  {
    await using standIns = new StandIns(engine, await ownCache());
    await using files = await held(id, standIns);
    const first = await files.read("/bin/dash");
    expect(first?.length).toBeGreaterThan(50_000);
    await docker("rm", "-f", id);
    expect((await files.read("/bin/dash"))?.length).toBe(first?.length);
    expect(await files.read("/no/such/file")).toBeUndefined();
  }
  expect(await leftovers()).toBe(before);
});

test("A file that only the running container has is read from it", async () => {
  const id = await started();
  try {
    await docker("exec", id, "cp", "/bin/dash", "/tmp/made");
    await using files = await held(id, new StandIns(engine, await ownCache()));
    expect((await files.read("/tmp/made"))?.length).toBeGreaterThan(50_000);
  } finally {
    await docker("rm", "-f", id);
  }
});

test("Services of one image have its files archived once", async () => {
  await using between = await standBetween();
  const through = new EngineClient(endpointOf(clientCommand(["sh"]), { DOCKER_HOST: between.host }));
  {
    await using standIns = new StandIns(through, await ownCache());
    for (const service of ["a", "b", "c"]) {
      await using files = await held(`gone-${service}`, standIns);
      expect((await files.read("/usr/bin/dash"))?.length).toBeGreaterThan(50_000);
    }
  }
  const made = between.asked.filter((each) => each === "POST /containers/create");
  expect(made).toHaveLength(1);
  expect(between.asked.filter((each) => each.endsWith("/archive"))).toHaveLength(1);
});

test("Of an image's files that an earlier recording read, the engine is asked for none", async () => {
  const cache = await ownCache();
  const paths = ["/usr/bin/dash", "/no/such/file", "/usr/bin"];
  const asked = async (meanwhile: (container: string) => Promise<unknown>): Promise<readonly unknown[]> => {
    await using between = await standBetween();
    const through = new EngineClient(endpointOf(clientCommand(["sh"]), { DOCKER_HOST: between.host }));
    await using standIns = new StandIns(through, cache);
    await using files = await held("gone", standIns, true);
    await files.expect([]);
    const hashes = await Promise.all(paths.map((path) => files.hashOf(path)));
    if (hashes.includes(undefined)) for (const path of paths) await files.read(path);
    await meanwhile(
      (await docker("ps", "-aqf", `label=seccomp-gen.session=${ownSession()}`, "-f", "status=created")).stdout,
    );
    return hashes;
  };
  // The stand-in disappears. The test checks that files that seemed missing are not remembered as missing.
  expect(await asked((container) => docker("rm", container))).toEqual([undefined, undefined, undefined]);
  expect(await asked(async () => undefined)).toEqual([undefined, undefined, undefined]);
  expect(await asked(async () => undefined)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), null, null]);
});
