// Runs tests of Node's own suite. It prints a line for each test: ok, skip or fail, and the test's name.
const { spawnSync } = require("child_process");
const { readdirSync, readFileSync } = require("fs");

const folder = "/opt/node/test/parallel";
for (const prefix of process.argv.slice(2)) {
  for (const name of readdirSync(folder).filter((each) => each.startsWith(prefix) && /\.m?js$/.test(each))) {
    const flags =
      /^\/\/ Flags: (.*)/m
        .exec(readFileSync(`${folder}/${name}`, "utf8"))?.[1]
        .trim()
        .split(/\s+/) ?? [];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, `${folder}/${name}`], {
      encoding: "utf8",
      timeout: 60_000,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TEST_THREAD_ID: "0", NODE_TEST_DIR: "/tmp" },
    });
    const word = status !== 0 ? "fail" : /^1\.\.0 # Skipped/m.test(stdout) ? "skip" : "ok";
    console.log(word, name);
    if (status !== 0) console.error(name, stderr.slice(-1500));
  }
}
