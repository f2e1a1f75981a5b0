/**
 * A repository: paths, locks, git, stored policies, the profile derived from a recording, and the
 * terminal.
 */
export { recordingOf } from "./beside.ts";
export { toldApart } from "./calls-digest.ts";
export { changedFiles, isPlaceOfProfiles, type ChangedFile, type Changes } from "./changed-files.ts";
export { allowedNames, defaultAllowing } from "./derivation/beyond-default.ts";
export { chosenCeiling, derive, hostsOf, type Derivation, type PolicyArguments } from "./derivation/derivation.ts";
export { loadProfile } from "./profile-file.ts";
export { archOf, hostOf, noteOtherMachine, runtimeOf, type HostOptions } from "./derivation/host.ts";
export { mergePolicies } from "./derivation/merge-policies.ts";
export { isDockerVersion, loadReference, loadStored, loadVersion, type Reference } from "./derivation/reference.ts";
export {
  checkedPolicy,
  defaultPolicy,
  parseStoredPolicy,
  policyOf,
  policyText,
  readStoredPolicy,
  storePolicy,
} from "./derivation/stored-policy.ts";
export {
  checkWritable,
  readIfPresent,
  readText,
  boundedText,
  systemProblem,
  temporaryOf,
  writeAtomically,
  writeKept,
} from "./files.ts";
export { loadDockerDefault, shippedDefault } from "./docker-default.ts";
export { git, readObjects, runGit } from "./git.ts";
export {
  candidateMerges,
  lostInMerge,
  mergeInputs,
  type Inputs,
  type LostInMerge,
  type MergeFiles,
  type Sides,
} from "./merge-sides.ts";
export {
  addPartial,
  combine,
  forgetPartial,
  keepPartial,
  knownBefore,
  partialPath,
  readRecording,
  unreadWords,
} from "./kept-recording.ts";
export { isLock, removeStaleLock, whileLocked } from "./lock.ts";
export {
  checkName,
  nameFromImage,
  profileFor,
  profilePath,
  recordingBeside,
  recordingPath,
  sourceFolder,
} from "./names.ts";
export { packageFolder } from "./package-folder.ts";
export { ownProcess, ownSession, sessionIsOver } from "./session-name.ts";
export { showProgress, showReading } from "./terminal/progress.ts";
export { colorChoices, inColor, layoutOf, processTerminal, type Terminal } from "./terminal/terminal.ts";
