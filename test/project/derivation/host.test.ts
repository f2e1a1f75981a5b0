import { describe, expect, test } from "vitest";
import { hostOf } from "../../../src/project/derivation/host.ts";
import { allCapabilities, defaultCapabilities } from "../../../src/core/tables/index.ts";

const capabilities = (capAdd: readonly string[], capDrop: readonly string[] = []): readonly string[] =>
  [...hostOf({ capAdd, capDrop, arch: "amd64", kernel: undefined, runtime: "runc" }).capabilities].sort();

describe("--cap-add and --cap-drop mean what they mean to docker run", () => {
  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ["nothing", [], [], defaultCapabilities],
    ["all", ["ALL"], [], allCapabilities],
    ["all, in its other spelling", ["cap_all"], [], allCapabilities],
    ["all but one", ["all"], ["sys_admin"], allCapabilities.filter((name) => name !== "CAP_SYS_ADMIN")],
    ["one alone", ["CAP_CHOWN"], ["ALL"], ["CAP_CHOWN"]],
    ["several with commas", ["sys_admin,SYS_PTRACE"], ["ALL"], ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"]],
  ])("%s", (_, added, dropped, expected) => expect(capabilities(added, dropped)).toEqual([...expected].sort()));
});
