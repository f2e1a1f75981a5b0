/** A container with its output attached, an exec in a second one, and what an inspection says. */
const { PassThrough } = require("node:stream");
const Docker = require("dockerode");

const docker = new Docker();
const Image = process.env.IMAGE;

function show(stream) {
  const out = new PassThrough();
  out.on("data", (text) => process.stdout.write(text));
  docker.modem.demuxStream(stream, out, out);
  return new Promise((resolve) => stream.on("end", resolve));
}

async function attached() {
  const container = await docker.createContainer({ Image, Cmd: ["sh", "-c", "mkdir /made; echo made; exit 3"] });
  const shown = show(await container.attach({ stream: true, stdout: true, stderr: true }));
  await container.start();
  const { StatusCode } = await container.wait();
  await shown;
  const { Path, Args, State, Mounts } = await container.inspect();
  console.log(JSON.stringify({ StatusCode, Path, Args, ExitCode: State.ExitCode, Mounts }));
  await container.remove();
}

async function exec() {
  const container = await docker.createContainer({ Image, Entrypoint: ["sleep"], Cmd: ["60"] });
  await container.start();
  const inside = await container.exec({
    // The engine copies the two streams side by side, so that their order needs a pause.
    Cmd: ["sh", "-c", "rmdir /made; sleep 0.5; cat"],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await inside.start({ hijack: true, stdin: true });
  const shown = show(stream);
  stream.end("what was written\n");
  await shown;
  const { ExitCode, ProcessConfig } = await inside.inspect();
  console.log(JSON.stringify({ ExitCode, entrypoint: ProcessConfig.entrypoint, arguments: ProcessConfig.arguments }));
  await container.remove({ force: true });
}

void attached()
  .then(exec)
  .then(() => {
    process.exitCode = 5;
  });
