import { execa } from "execa";
import { fileURLToPath } from "node:url";

/** Installs what the tests need. If that fails, tests skip with a reason, and CI=true fails the run. */
export default async function setup(): Promise<void> {
  const script = fileURLToPath(new URL("../tools/engine/packages.sh", import.meta.url));
  await execa("bash", [script, "tests"], { stdio: "inherit", reject: false });
}
