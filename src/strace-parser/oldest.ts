/** At most this many threads are followed at once. No real machine has more. */
export const maxThreads = 100_000;

/**
 * Once there are `most` keys, forgets the oldest tenth of them at once. A search for the oldest key each time would
 * pass over all keys that were forgotten before it. `forget` must take the key out of the collection.
 */
export function forgetOldest<K>(
  collection: { readonly size: number; keys(): IterableIterator<K> },
  most: number,
  forget: (key: K) => void,
): void {
  if (collection.size < most) return;
  for (const key of collection.keys()) {
    if (collection.size <= most * 0.9) break;
    forget(key);
  }
}
