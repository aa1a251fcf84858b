/** @import {Host} from '../types.d.ts' */

/** @type {{name: string, body: () => unknown}[]} */
const tests = [];

/** @param {string} name @param {() => unknown} body may be async */
export function test(name, body) {
  tests.push({ name, body });
}

/** Runs what was collected, one after the other, and leaves each result where the browser's driver finds it. */
export async function run() {
  /** @type {{name: string, error: string}[]} */
  const results = [];
  Object.assign(window, { results, finished: false });
  for (const { name, body } of tests) {
    try {
      await body();
      results.push({ name, error: '' });
    } catch (error) {
      results.push({ name, error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
    }
  }
  Object.assign(window, { finished: true });
}

/** @param {unknown} got @param {unknown} wanted @param {string} [what] */
export function equal(got, wanted, what = 'value') {
  const [g, w] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (g !== w) throw new Error(`${what}: wanted ${w}, got ${g}`);
}

/** @param {unknown} truth @param {string} what */
export function ok(truth, what) {
  if (!truth) throw new Error(`not so: ${what}`);
}

/** @param {() => unknown} body @param {RegExp} message */
export function throws(body, message) {
  try {
    body();
  } catch (error) {
    if (message.test(String(error))) return;
    throw error;
  }
  throw new Error(`nothing thrown, wanted ${message}`);
}

/** Waits until something holds. @param {string} what @param {() => unknown} truth */
export async function until(what, truth, patience = 20000) {
  const end = performance.now() + patience;
  while (!(await truth())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A file of bytes that differ from part to part. @param {number} size */
export function file(size, name = 'garden.bin', type = '') {
  const content = new Uint32Array(Math.ceil(size / 4));
  let x = size || 1;
  for (let i = 0; i < content.length; i++) content[i] = x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) + i;
  return new File([new Blob([content]).slice(0, size)], name, { type, lastModified: 1000 });
}

/** @param {Blob} blob */
export async function sum(blob) {
  const hash = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The English catalogue as the page gets it. @returns {Promise<Record<string, string>>} */
export const catalog = async () => (await fetch('/lang/en.json')).json();

/**
 * A realm of the fake server: a plan and faults of its own.
 * @param {object} setup
 * @returns {Promise<{host: Host, told: string[], state: () => Promise<{log: string[], sums: Record<string, string>, uploads: number}>}>}
 */
export async function realm(setup) {
  const endpoint = `/fake/${Math.random().toString(36).slice(2)}`;
  await fetch(endpoint, { method: 'POST', body: JSON.stringify(setup) });
  /** @type {string[]} */
  const told = [];
  return {
    told,
    state: async () => (await fetch(endpoint)).json(),
    host: {
      endpoint,
      profile: 'files',
      rules: { types: [], names: '', min: 0, max: Infinity, many: true },
      ticket: () => '',
      tell: (name) => told.push(name) > 0,
      changed: () => {},
      stall: 20000,
      abreast: 4,
    },
  };
}

/** How many entries of the log begin with that. @param {string[]} log @param {string} start */
export const count = (log, start) => log.filter((line) => line.startsWith(start)).length;
