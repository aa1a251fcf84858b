/** @import {Algorithm} from '../types.d.ts' */
import { Checksums } from '../checksum.js';
import { equal, file, ok, test } from './harness.js';

const digits = new Blob(['123456789']);

/** The checksums of the nine digits: CRCs from the catalogue of parametrised CRC algorithms, MD5 by md5sum. @type {[Algorithm, string][]} */
const CHECK = [['crc32', 'cbf43926'], ['crc32c', 'e3069283'], ['crc64nvme', 'ae8b14860a799888'], ['md5', '25f9e794323b453885f5181f1b624d0b']];

const hex = (/** @type {string} */ base64) => [...atob(base64)].map((c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');

/** A CRC computed bit by bit, as a reference. @param {Uint8Array} data @param {bigint} polynomial @param {bigint} width */
function reference(data, polynomial, width) {
  const ones = (1n << width) - 1n;
  let value = ones;
  for (const byte of data) {
    value ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
  }
  return (value ^ ones).toString(16).padStart(Number(width) / 4, '0');
}

for (const [algorithm, wanted] of CHECK) {
  test(`${algorithm} of the nine digits`, async () => {
    const sums = new Checksums(algorithm, () => digits);
    equal(hex(await sums.get(1, 1)), wanted);
    ok(sums.ready(1) && !sums.ready(2), 'one part is ready');
    sums.close();
  });
}

test('checksums of all lengths up to 49 bytes equal the reference', async () => {
  const polynomials = { crc32: 0xedb88320n, crc32c: 0x82f63b78n, crc64nvme: 0x9a6c9329ac4bc9b5n };
  for (const [algorithm, polynomial] of Object.entries(polynomials)) {
    const blobs = Array.from({ length: 50 }, (_, size) => file(size));
    const sums = new Checksums(/** @type {Algorithm} */ (algorithm), (number) => blobs[number - 1]);
    for (let n = 1; n <= blobs.length; n++) {
      const wanted = reference(new Uint8Array(await blobs[n - 1].arrayBuffer()), polynomial, algorithm === 'crc64nvme' ? 64n : 32n);
      equal(hex(await sums.get(n, blobs.length)), wanted, `${algorithm} of ${n - 1} bytes`);
    }
    sums.close();
  }
});

test('the checksum of a file that is read in chunks of odd lengths equals the reference', async () => {
  const whole = new Blob([file(1), file(70001), file(3), file(65536), file(2)]);
  const sums = new Checksums('crc64nvme', () => whole);
  equal(hex(await sums.get(1, 1)), reference(new Uint8Array(await whole.arrayBuffer()), 0x9a6c9329ac4bc9b5n, 64n));
  sums.close();
});

test('parts are computed in order, eight at a time', async () => {
  /** @type {number[]} */
  const sliced = [];
  const sums = new Checksums('crc32', (number) => {
    sliced.push(number);
    return digits;
  });
  await sums.get(1, 100);
  equal(sliced, [1, 2, 3, 4, 5, 6, 7, 8]);
  sums.close();
});
