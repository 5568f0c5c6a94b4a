/**
 * The end of a message about a name that is not known: `; did you mean "resnet50"?` where a known one
 * is at most two edits away (of short names one), whatever the case, else nothing.
 */
export function didYouMean(name: string, known: Iterable<string>): string {
  const [near] = [...known]
    .map((other) => ({ other, edits: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const most = name.length < 4 ? 1 : 2;
  return near && near.edits <= most ? `; did you mean "${near.other}"?` : "";
}

/** Letters that changed places, the commonest slip, count a little less than one that was mistyped. */
const SWAP = 0.9;

/** Edits from one text to another: letters put in, left out, replaced or swapped with the next. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? rows[i - 2][j - 2] + SWAP : Infinity;
      row.push(Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, change, swap));
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
