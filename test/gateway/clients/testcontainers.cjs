/** A server that is waited for by its log and its port, and one by a command in it. */
const { GenericContainer, Wait } = require("testcontainers");

const server = `
  $s = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die $!;
  $| = 1; print "ready\\n"; while ($c = $s->accept) { print $c "hello\\n"; close $c }`;

async function answer(host, port) {
  const socket = require("node:net").connect(port, host);
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

async function main() {
  const listening = await new GenericContainer(process.env.IMAGE)
    .withCommand(["perl", "-MIO::Socket::INET", "-e", server])
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forAll([Wait.forLogMessage("ready"), Wait.forListeningPorts()]))
    .start();
  console.log("answer:", (await answer(listening.getHost(), listening.getMappedPort(8080))).trim());
  const { output, exitCode } = await listening.exec(["sh", "-c", "mkdir /made; echo inside; exit 4"]);
  console.log("exec:", output.trim(), exitCode);
  await listening.stop();

  const healthy = await new GenericContainer(process.env.IMAGE)
    .withCommand(["sh", "-c", "sleep 1; touch /up; sleep 60"])
    .withWaitStrategy(Wait.forSuccessfulCommand("test -e /up"))
    .start();
  console.log("up");
  await healthy.stop();
}

main().catch((error) => {
  console.log(error);
  process.exitCode = 1;
});
