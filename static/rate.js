/** Where the rate is kept. It belongs to the line, not to a person, but goes with one who is forgotten. */
export const RATE = 'postern-rate';
/** The fastest rate that is believed, in bytes/s. */
const FASTEST = 1e10;

/** How fast parts were sent last, in bytes/s; 0 where that isn't known. */
export function lastRate() {
  try {
    return Math.min(Math.max(0, Math.round(+(localStorage.getItem(RATE) ?? 0))) || 0, FASTEST);
  } catch {
    return 0;
  }
}

/** @param {number} rate */
export function keepRate(rate) {
  try {
    localStorage.setItem(RATE, `${rate}`);
  } catch {
    // There is no storage, or no room in it.
  }
}
