export { readStream, readTraces, tracePaths, type InputContext } from "./inputs.ts";
export { readUnpacked } from "./log-source.ts";
export { readInto } from "./reading.ts";
export { codeOf } from "./code/evidence.ts";
export { filesBelow, type FileSource } from "./code/file-source.ts";
export { hashOf, Summaries, type ImageFiles } from "./code/summaries.ts";
export { NamedFiles, type ProcessFiles } from "./code/named-files.ts";
