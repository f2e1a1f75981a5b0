/** What `review --fail-on` names: something became possible; that is dangerous; that is not what the recording gives; beyond Docker's default; a new lint finding. */
export const failureKinds = ["widened", "dangerous", "unbacked", "beyond-docker", "lint", "any"] as const;
export type FailureKind = (typeof failureKinds)[number];
