/**
 * The signs of a profile in a text, as regular expressions that git grep -E and JavaScript read alike. JSON and YAML
 * may write letters as escapes. YAML may write any text in base64 (whatever the tag's name), and a ConfigMap may hold a
 * profile that way.
 */
export const telltales: readonly string[] = [
  "default_?action",
  "SCMP_ACT_",
  "seccompprofile",
  "binarydata",
  "\\\\[xu][0-9a-f]{2}",
  "!!b",
  "!![a-z]*%",
  "!<",
  "%TAG",
];

/** The signs for YAML, where a backslash at the end of a line joins two parts of a word. */
export const yamlTelltales: readonly string[] = [...telltales, "\\\\[^a-z]{0,3}$"];

const [any, yaml] = [telltales, yamlTelltales].map((list) => new RegExp(list.join("|"), "im")) as [RegExp, RegExp];

/** May the text hold a profile? */
export function mayHoldProfile(text: string, isYaml: boolean): boolean {
  return (isYaml ? yaml : any).test(text);
}
