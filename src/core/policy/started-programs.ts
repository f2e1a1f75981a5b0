/** Programs that a workload is likely to start on another day, if it starts programs. */
export interface StartedRow {
  /** Paths in the image. The first one that exists counts. */
  readonly paths: readonly string[];
  readonly reason: string;
}

const inPath = (name: string): readonly string[] =>
  ["/usr/bin", "/bin", "/usr/local/bin"].map((folder) => `${folder}/${name}`);

/** The rows count only if the recording, or the program's own code, starts programs. */
export const startedRows: readonly StartedRow[] = [
  {
    paths: ["/bin/sh", "/usr/bin/sh"],
    reason: "system(3), popen(3) and interpreters start commands through it",
  },
  ...["cat", "date", "df", "grep", "ls", "mkdir", "rm", "rmdir", "sed"].map((name): StartedRow => ({
    paths: inPath(name),
    reason: "hooks, pipes and CGI scripts call the small tools of the image",
  })),
];
