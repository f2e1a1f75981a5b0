/**
 * A part of a text at its own lines and columns. The text before it becomes blanks, so places found in the part are
 * places in the text.
 */
export function blankedBefore(text: string, start: number, end: number): string {
  return text.slice(0, start).replace(/[^\n]/g, " ") + text.slice(start, end);
}
