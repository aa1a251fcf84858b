/** @import {QueueOptions} from '../types.d.ts' */

/** @type {{name: string, body: () => unknown}[]} */
const tests = [];

/** @param {string} name @param {() => unknown} body may be async */
export function test(name, body) {
  tests.push({ name, body });
}

/** Runs all tests, one after the other, and leaves the results in the window for the Go test that drives the browser. */
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

/** @param {unknown} condition @param {string} what it says */
export function ok(condition, what) {
  if (!condition) throw new Error(`wanted: ${what}`);
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

/** Waits until a condition is true. @param {string} what it says @param {() => unknown} condition */
export async function until(what, condition, timeout = 20000) {
  const end = performance.now() + timeout;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${timeout} ms: ${what}`);
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

/** The English catalogue as pages get it. @returns {Promise<Record<string, string>>} */
export const catalog = async () => (await fetch('/lang/en.json')).json();

/**
 * A scenario of the fake server, with part sizes and faults of its own. `events` are the names of the events that a queue with these
 * options emits; `state` returns the requests and the stored files; `become` makes the person with those marks the user of the page, or a
 * guest.
 * @param {object} setup
 * @returns {Promise<{options: QueueOptions, events: string[], become: (...owners: string[]) => Promise<unknown>,
 *   state: () => Promise<{log: string[], sums: Record<string, string>, uploads: number}>}>}
 */
export async function scenario(setup) {
  const endpoint = `/fake/${Math.random().toString(36).slice(2)}`;
  await fetch(endpoint, { method: 'POST', body: JSON.stringify(setup) });
  /** @type {string[]} */
  const events = [];
  return {
    events,
    become: (...owners) => fetch(endpoint, { method: 'PUT', body: JSON.stringify(owners) }),
    state: async () => (await fetch(endpoint)).json(),
    options: {
      endpoint,
      profile: 'files',
      rules: { types: [], typeNames: '', min: 0, max: Infinity, multiple: true },
      ticket: () => '',
      owners: () => [],
      emit: (name) => events.push(name) > 0,
      onChange: () => {},
      stall: 20000,
      concurrency: 4,
    },
  };
}

/** How many lines of the log begin with a text. @param {string[]} log @param {string} start */
export const count = (log, start) => log.filter((line) => line.startsWith(start)).length;

/** Keys of the unfinished uploads that are saved. The rate is kept beside them. */
export const saved = () => Object.keys(localStorage).filter((key) => key.startsWith('postern '));
