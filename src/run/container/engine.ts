/** Facts about an engine. Versions are as the engine prints them. Unknown parts are undefined. */
export interface Engine {
  readonly version: string;
  readonly kernel: string | undefined;
  /** As the engine names it: `x86_64`, `aarch64`. */
  readonly architecture: string;
  readonly defaultRuntime: string | undefined;
  readonly runtimeVersions: ReadonlyMap<string, string>;
  /** The engine starts every container with no-new-privileges. */
  readonly noNewPrivileges: boolean;
  /** Set if the engine is configured with another default profile than the built-in one. */
  readonly seccompProfile: string | undefined;
}
