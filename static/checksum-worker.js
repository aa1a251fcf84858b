/**
 * Answers what checksum.js asks: the checksum of a blob, or null where it can't be read. One at a time and in order, so that the part that
 * is sent next is done first. The worker's name is the algorithm.
 * @param {(blob: Blob) => Promise<string>} checksum
 */
export function serve(checksum) {
  let last = Promise.resolve();
  self.onmessage = ({ data: { number, blob } }) => {
    last = last.then(async () => self.postMessage({ number, sum: await checksum(blob).catch(() => null) }));
  };
}
