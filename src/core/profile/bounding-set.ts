/**
 * The capabilities of a container with these --cap-add and --cap-drop, sorted. Names may be in any case, with or
 * without CAP_, and several with commas. ALL means all.
 */
export function boundingSet(
  { added, dropped }: { readonly added: readonly string[]; readonly dropped: readonly string[] },
  defaults: { readonly all: readonly string[]; readonly granted: readonly string[] },
): readonly string[] {
  const add = added.flatMap((value) => value.split(",")).map(capabilityName);
  const drop = dropped.flatMap((value) => value.split(",")).map(capabilityName);
  // As moby's oci/caps.TweakCapabilities: if one side is ALL, the other side lists the exceptions.
  const base = add.includes("ALL") ? defaults.all : drop.includes("ALL") ? [] : defaults.granted;
  const kept = base.filter((name) => !drop.includes(name));
  return [...new Set([...kept, ...add.filter((name) => name !== "ALL")])].sort();
}

function capabilityName(value: string): string {
  const upper = value.toUpperCase();
  return upper === "ALL" || upper === "CAP_ALL" ? "ALL" : upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
}
