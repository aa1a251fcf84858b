// MD5 (RFC 1321), which stores compare as Content-MD5: it finds damage on the way, and is no protection against forgery.
import { serve } from './checksum-worker.js';

/** How far each step rotates. */
const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
/** The whole part of |sin(i + 1)| * 2^32. */
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
const BLOCK = 64;

/** Which word of the block each step adds. */
const WORDS = Uint8Array.from({ length: 64 }, (_, i) => [i, 5 * i + 1, 3 * i + 5, 7 * i][i >> 4] & 15);
/** @param {number} b @param {number} c @param {number} d @param {number} i step */
const mix = (b, c, d, i) => (i < 16 ? (b & c) | (~b & d) : i < 32 ? (d & b) | (~d & c) : i < 48 ? b ^ c ^ d : c ^ (b | ~d));

/** Adds one block to the state. @param {Int32Array} state @param {DataView} data @param {number} from */
function addBlock(state, data, from) {
  let [a, b, c, d] = state;
  for (let i = 0; i < 64; i++) {
    const sum = (a + mix(b, c, d, i) + SINES[i] + data.getInt32(from + WORDS[i] * 4, true)) | 0;
    const shift = SHIFTS[((i >> 4) << 2) | (i & 3)];
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  [a, b, c, d].forEach((value, i) => (state[i] += value));
}

/** The MD5 of a blob in base64. @param {Blob} blob */
async function checksum(blob) {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  let rest = new Uint8Array(0);
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const bytes = new Uint8Array(await new Blob([rest, value]).arrayBuffer());
    const whole = bytes.length - (bytes.length % BLOCK);
    addBlocks(state, bytes.subarray(0, whole));
    rest = bytes.slice(whole);
  }
  // One bit, zeros, and the length in bits.
  const end = new Uint8Array(rest.length < BLOCK - 8 ? BLOCK : 2 * BLOCK);
  end.set(rest);
  end[rest.length] = 0x80;
  new DataView(end.buffer).setBigUint64(end.length - 8, BigInt(blob.size) * 8n, true);
  addBlocks(state, end);
  const out = new DataView(new ArrayBuffer(16));
  state.forEach((value, i) => out.setInt32(i * 4, value, true));
  return btoa(String.fromCharCode(...new Uint8Array(out.buffer)));
}

/** Adds whole blocks. @param {Int32Array} state @param {Uint8Array} bytes */
function addBlocks(state, bytes) {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let from = 0; from < bytes.length; from += BLOCK) addBlock(state, data, from);
}

serve(checksum);
