/** The shells for which completion exists. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];
