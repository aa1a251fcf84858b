// Computes checksums. The worker's name is the algorithm.
const algorithm = self.name === 'md5' ? import('./md5.js') : import('./crc.js');
const sumOf = async (/** @type {Blob} */ blob) => (await algorithm).checksum(blob);

// One at a time and in order, so that the part that is sent next is done first.
let last = Promise.resolve();
self.onmessage = ({ data: { number, blob } }) => {
  last = last.then(async () => self.postMessage({ number, sum: await sumOf(blob).catch(() => null) }));
};

// Makes this file a module for the type checker, so that its names are local.
export {};
