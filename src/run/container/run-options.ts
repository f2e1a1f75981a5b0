/** What `docker run --help` says of one option. */
export interface OptionSpec {
  /** Long name without dashes; for an option that only has a short form, the letter. */
  readonly name: string;
  readonly short: string | undefined;
  /** Whether the next word belongs to it when no `=` is given. */
  readonly takesValue: boolean;
}

/** Options by long name and by short letter. */
export interface OptionTable {
  readonly byName: ReadonlyMap<string, OptionSpec>;
  readonly byShort: ReadonlyMap<string, OptionSpec>;
}

/**
 * Reads the option list of a cobra `--help` text (docker, podman, nerdctl). A type word behind the
 * name means that the option takes a value; `string[="x"]` means that it takes one only after `=`.
 *
 *     -e, --env list                Set environment variables
 *         --init                    Run an init inside the container
 */
export function parseOptionHelp(help: string): OptionTable {
  const byName = new Map<string, OptionSpec>();
  const byShort = new Map<string, OptionSpec>();
  for (const line of help.split("\n")) {
    const match = /^ {2,8}(?:-(\w), )?\s*--([\w-]+)(?: ([^\s]+))?(?:$|\s{2})/.exec(line);
    if (!match) continue;
    const [, short, name, type] = match;
    if (name === undefined) continue;
    const spec = { name, short, takesValue: type !== undefined && !type.includes("[=") };
    byName.set(name, spec);
    if (short !== undefined) byShort.set(short, spec);
  }
  return { byName, byShort };
}

/**
 * Asks the CLI itself about an option its help does not list (`--net` is such an alias): `dashed`
 * is `--name` or `-x`.
 */
export type OptionProbe = (dashed: string) => Promise<"value" | "flag" | "unknown">;

/** One setting made on the command line; `value` is undefined for a flag without `=`. */
export interface Setting {
  readonly name: string;
  readonly value: string | undefined;
}

/** Words that belong together (`-e A=b`, `-it`), verbatim, and the settings they make. */
export interface OptionWords {
  readonly words: readonly string[];
  readonly settings: readonly Setting[];
}

export interface ParsedOptions {
  readonly options: readonly OptionWords[];
  /** The words from the first that is no option on; a `--` before it is dropped. */
  readonly rest: readonly string[];
}

/**
 * Splits words into options and the rest, as pflag(3)-style CLIs do: `--name=value`, `--name
 * value`, `-xVALUE`, `-xyz`, `--`.
 */
export async function parseOptions(
  words: readonly string[],
  table: OptionTable,
  probe: OptionProbe,
): Promise<ParsedOptions> {
  const options: OptionWords[] = [];
  let at = 0;
  while (at < words.length) {
    const word = words[at] ?? "";
    if (word === "--") return { options, rest: words.slice(at + 1) };
    if (!word.startsWith("-") || word === "-") break;
    const settings = word.startsWith("--")
      ? [await longSetting(word, table, probe)]
      : await shortSettings(word, table, probe);
    const last = settings.at(-1);
    const taken: string[] = [word];
    if (last?.needsNext === true) {
      const value = words[at + 1];
      if (value !== undefined) taken.push(value);
      settings[settings.length - 1] = { name: last.name, value, needsNext: false };
    }
    options.push({ words: taken, settings: settings.map(({ name, value }) => ({ name, value })) });
    at += taken.length;
  }
  return { options, rest: words.slice(at) };
}

type Pending = Setting & { readonly needsNext: boolean };

async function longSetting(word: string, table: OptionTable, probe: OptionProbe): Promise<Pending> {
  const equals = word.indexOf("=");
  const name = word.slice(2, equals < 0 ? undefined : equals);
  if (equals >= 0) return { name, value: word.slice(equals + 1), needsNext: false };
  const takesValue = table.byName.get(name)?.takesValue ?? (await probe(`--${name}`)) === "value";
  return { name, value: undefined, needsNext: takesValue };
}

async function shortSettings(word: string, table: OptionTable, probe: OptionProbe): Promise<Pending[]> {
  const settings: Pending[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? "";
    const spec = table.byShort.get(letter);
    const name = spec?.name ?? letter;
    const takesValue = spec?.takesValue ?? (await probe(`-${letter}`)) === "value";
    const glued = word.slice(at + 1);
    if (takesValue)
      return [
        ...settings,
        { name, value: glued === "" ? undefined : glued.replace(/^=/, ""), needsNext: glued === "" },
      ];
    if (glued.startsWith("=")) return [...settings, { name, value: glued.slice(1), needsNext: false }];
    settings.push({ name, value: undefined, needsNext: false });
  }
  return settings;
}

/** All values given for an option, in order. */
export function valuesOf(options: readonly OptionWords[], name: string): readonly string[] {
  return options.flatMap((option) =>
    option.settings.filter((setting) => setting.name === name).map((setting) => setting.value ?? ""),
  );
}

/**
 * Whether a boolean option is on: the last mention decides, as pflag does (`--rm=false` turns it
 * off).
 */
export function isOn(options: readonly OptionWords[], name: string): boolean {
  const values = options
    .flatMap((option) => option.settings.filter((setting) => setting.name === name))
    .map((setting) => setting.value);
  if (values.length === 0) return false;
  const last = values.at(-1);
  return last === undefined || ["1", "t", "true", "TRUE", "True", "T"].includes(last);
}
