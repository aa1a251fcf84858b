// Computes reflected CRCs, four 32-bit values in each step. The worker's name is the algorithm.
import { serve } from './checksum-worker.js';
const WIDE = self.name === 'crc64nvme';
/** Polynomials as low and high half. @type {Record<string, [number, number]>} */
const POLYNOMIALS = { crc32: [0xedb88320, 0], crc32c: [0x82f63b78, 0], crc64nvme: [0xac4bc9b5, 0x9a6c9329] };
const [LOW, HIGH] = /** @type {[number, number]} */ (POLYNOMIALS[self.name]);

/** The table's low and high halves: entry k * 256 + b is the CRC of byte b followed by k zero bytes. */
const low = new Uint32Array(4096);
const high = new Uint32Array(4096);
for (let b = 0; b < 256; b++) {
  let l = b;
  let h = 0;
  for (let bit = 0; bit < 8; bit++) {
    const odd = l & 1;
    l = (l >>> 1) | (h << 31);
    h >>>= 1;
    if (odd) {
      l ^= LOW;
      h ^= HIGH;
    }
  }
  low[b] = l;
  high[b] = h;
}
for (let i = 256; i < 4096; i++) {
  const l = low[i - 256];
  const h = high[i - 256];
  low[i] = low[l & 255] ^ ((l >>> 8) | (h << 24));
  high[i] = high[l & 255] ^ (h >>> 8);
}

/**
 * Adds bytes to a CRC. Values are read in the machine's byte order, which is little-endian wherever browsers run; a DataView would take
 * twice as long.
 * @param {Uint8Array<ArrayBuffer>} bytes @param {number} l @param {number} h the value so far, inverted
 * @returns {[number, number]}
 */
function addBytes(bytes, l, h) {
  const data = bytes.byteOffset % 4 ? bytes.slice() : bytes;
  const values = new Uint32Array(data.buffer, data.byteOffset, (data.length >> 4) * 4);
  for (let i = 0; i < values.length; i += 4) {
    const a = values[i] ^ l;
    const b = values[i + 1] ^ h;
    const c = values[i + 2];
    const d = values[i + 3];
    l = lookUp(low, a, b, c, d);
    if (WIDE) h = lookUp(high, a, b, c, d);
  }
  for (let i = values.length * 4; i < data.length; i++) {
    const at = (l ^ data[i]) & 255;
    l = low[at] ^ ((l >>> 8) | (h << 24));
    h = high[at] ^ (h >>> 8);
  }
  return [l, h];
}

/** The CRC of 16 bytes, with a byte's table entry for each. @param {Uint32Array} t @param {number} a @param {number} b @param {number} c @param {number} d */
function lookUp(t, a, b, c, d) {
  return t[3840 | (a & 255)] ^ t[3584 | ((a >>> 8) & 255)] ^ t[3328 | ((a >>> 16) & 255)] ^ t[3072 | (a >>> 24)]
    ^ t[2816 | (b & 255)] ^ t[2560 | ((b >>> 8) & 255)] ^ t[2304 | ((b >>> 16) & 255)] ^ t[2048 | (b >>> 24)]
    ^ t[1792 | (c & 255)] ^ t[1536 | ((c >>> 8) & 255)] ^ t[1280 | ((c >>> 16) & 255)] ^ t[1024 | (c >>> 24)]
    ^ t[768 | (d & 255)] ^ t[512 | ((d >>> 8) & 255)] ^ t[256 | ((d >>> 16) & 255)] ^ t[d >>> 24];
}

/** The CRC in base64, high byte first. @param {Blob} blob */
async function checksum(blob) {
  let l = -1;
  let h = WIDE ? -1 : 0;
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    [l, h] = addBytes(value, l, h);
  }
  const out = new DataView(new ArrayBuffer(WIDE ? 8 : 4));
  if (WIDE) out.setInt32(0, ~h);
  out.setInt32(WIDE ? 4 : 0, ~l);
  return btoa(String.fromCharCode(...new Uint8Array(out.buffer)));
}

serve(checksum);
