/** @import {Algorithm} from './types.d.ts' */

/** Bytes from which a file is sent in parts unless the profile says otherwise. */
const LARGE = 16 << 20;

/** Loads what only files in parts need. A browser may remember that an address couldn't be loaded. @param {number} tries @returns {Promise<typeof import('./multipart.js')>} */
export const loadMultipart = (tries) => import(['./multipart.js', tries].join('?'));

/** Loads what makes checksums, where the page may be given files that need them. @param {Algorithm | ''} [algorithm] @param {number} [largest] file, in bytes */
export function loadChecksums(algorithm, largest = Infinity) {
  return algorithm && largest >= LARGE ? import('./checksum.js').catch(() => null) : null;
}

/** Loads what a file in parts needs, and starts the worker for checksums, while its plan is asked for. What fails is tried again once the plan asks for parts. @param {number} size of the file @param {Algorithm | ''} [algorithm] */
export async function prepareLarge(size, algorithm) {
  if (size < LARGE) return;
  loadMultipart(0).catch(() => {});
  if (algorithm) (await loadChecksums(algorithm))?.prepare(algorithm);
}
