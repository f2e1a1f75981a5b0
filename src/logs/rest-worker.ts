import { parentPort, workerData } from "node:worker_threads";
import { readFrom } from "./log-source.ts";
import { readMidway } from "./reading.ts";
import type { RestTask } from "./rest-of-log.ts";

/** A thread that reads the second half of a log (rest-of-log.ts). */
const { path, label, arch, from, progress } = workerData as RestTask;

// what fails ends the thread
void readMidway(
  (room) => readFrom(path, from, (done) => void Atomics.store(progress, 0, (done - from) / 1024), room),
  label,
  arch,
).then((read) => parentPort?.postMessage(read));
