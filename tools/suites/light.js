// A light day of Node: an echo over TCP, a child, a file.
const { execFile } = require("child_process");
const { writeFileSync } = require("fs");
const { connect, createServer } = require("net");

const server = createServer((socket) => socket.end("answer"));
server.listen(0, "127.0.0.1", () => {
  connect(server.address().port, "127.0.0.1")
    .on("data", (bytes) => console.log(String(bytes)))
    .on("end", () => server.close());
});
execFile("echo", ["child"], (error, text) => console.log(text.trim()));
writeFileSync("/tmp/file", "text");
