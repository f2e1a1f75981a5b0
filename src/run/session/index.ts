/** What stands between a user's command and its engine while it is recorded or verified. */
export { openEngine } from "./engine.ts";
export { engineFacts } from "./engine-facts.ts";
export { heardBy, notRunnable, runCommand, type CommandEnd, type CommandExercise } from "./exercise.ts";
export { Fleet, type Berth } from "./fleet.ts";
export { isHelper, recordingName } from "./naming.ts";
export { redactedSpec, specFacts, stated, type ContainerEnd } from "./spec-facts.ts";
export { seccompStatus, type SeccompStatus } from "./seccomp-status.ts";
export { Session, type SessionRequest, type TracedPart, type Treatment } from "./session.ts";
