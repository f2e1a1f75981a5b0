import { dockerDefaults } from "./data/docker-defaults.ts";

export { dockerDefaults };

/** The profile file of the newest known engine release. */
export const newestDockerDefault: string = dockerDefaults.at(-1)?.file ?? "";

/**
 * The default profile of an engine of this version, as a file name under profiles/docker-default/. A version that is
 * not listed gets the profile of the newest listed release before it, or of the oldest. Then `exact` is false, and
 * `release` names that release. `20.10.24+dfsg1` reads as `20.10.24`.
 */
export function dockerDefaultFor(version: string): {
  readonly file: string;
  readonly exact: boolean;
  readonly release: string;
} {
  const wanted = /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? version;
  const releases = dockerDefaults
    .flatMap(({ file, releases }) => releases.map((release) => ({ file, release })))
    .sort((a, b) => compareVersions(a.release, b.release));
  const exact = releases.find(({ release }) => release === wanted);
  if (exact !== undefined) return { file: exact.file, exact: true, release: exact.release };
  const before = releases.filter(({ release }) => compareVersions(release, wanted) <= 0).at(-1) ?? releases[0];
  return { file: before?.file ?? newestDockerDefault, exact: false, release: before?.release ?? wanted };
}

/** Orders dotted version numbers. Missing parts count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split("."), b.split(".")];
  for (let part = 0; part < Math.max(left.length, right.length); part += 1) {
    const difference = Number(left[part] ?? 0) - Number(right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
