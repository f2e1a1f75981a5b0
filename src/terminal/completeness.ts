/**
 * How likely the next call is one that was never seen: Good–Turing, the share of calls whose kind was seen exactly once. Calls come in bursts that belong
 * together, so this is an estimate of activity like that seen so far, and says nothing of what was not exercised. Undefined with too few calls to say anything.
 */
export function unseenShare(calls: number, seenOnce: number): number | undefined {
  return calls < fewestCalls ? undefined : seenOnce / calls;
}

const fewestCalls = 1_000;

/** `about 0.02 % of activity like this may be unseen` */
export function unseenText(share: number): string {
  return share === 0 ? "activity like this seems to be known" : `about ${(share * 100).toPrecision(1)} % of activity like this may be unseen`;
}
