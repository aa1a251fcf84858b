/** @import {Upload} from '../upload.js' */
import { Queue } from '../queue.js';
import { count, equal, file, scenario, test, until } from './harness.js';

/** In ms, while an upload is being completed. */
const STALL = 30;

/**
 * Uploads a small file, and gives the body what it needs to watch the completion.
 * @param {object} setup of the fake server
 * @param {boolean} late whether the answer to /complete waits for `release`
 * @param {(run: {upload: Upload, states: string[], probes: string[], release: () => void, log: () => Promise<string[]>, down: (is: boolean) => void}) => Promise<void>} body
 */
async function completing(setup, late, body) {
  localStorage.clear();
  const original = { fetch: window.fetch, XMLHttpRequest: window.XMLHttpRequest };
  const { options, state } = await scenario(setup);
  let unreachable = false;
  /** @type {string[]} */
  const probes = [];
  /** @type {(() => void)[]} */
  const waiting = [];
  /** Keeps requests for /complete back, and ends those that are aborted meanwhile as a browser does. */
  class LateRequest extends original.XMLHttpRequest {
    url = '';
    /** @override @param {string} method @param {string} url */
    open(method, url) {
      this.url = url;
      super.open(method, url);
    }
    /** @override @param {XMLHttpRequestBodyInit | null} [body] */
    send(body) {
      if (late && this.url.endsWith('/complete')) waiting.push(() => super.send(body));
      else super.send(body);
    }
    /** @override */
    abort() {
      if (this.readyState === 1 && waiting.length) this.dispatchEvent(new ProgressEvent('loadend'));
      super.abort();
    }
  }
  const fetch = async (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
    if (!`${url}`.endsWith('/healthz')) return original.fetch.call(window, url, init);
    probes.push(url);
    if (unreachable) throw new TypeError('Failed to fetch');
    return new Response();
  };
  Object.assign(window, { fetch, XMLHttpRequest: LateRequest });
  try {
    const queue = new Queue(options);
    const upload = /** @type {Upload} */ (queue.add(file(1000)));
    /** @type {string[]} */
    const states = [];
    upload.onChange = ({ state: now }) => {
      if (now === 'confirming') options.stall = STALL;
      if (states.at(-1) !== now) states.push(now);
    };
    queue.start();
    await body({
      upload, states, probes,
      log: async () => (await state()).log,
      release: () => waiting.splice(0).forEach((send) => send()),
      down: (is) => { unreachable = is; },
    });
    equal(probes.every((url) => url === `${options.endpoint}/healthz`), true, 'probes go to the server’s own health route');
  } finally {
    Object.assign(window, original);
  }
}

test('completing may take longer than any stall while the server can be reached', () => completing({}, true, async ({ upload, states, probes, release, log }) => {
  await until('several stalls are over', () => probes.length > 3 || states.includes('offline'));
  equal(states.at(-1), 'confirming', 'state after several stalls');
  release();
  await until('it is done', () => upload.state === 'done');
  equal(states, ['waiting', 'preparing', 'sending', 'confirming', 'done']);
  equal(count(await log(), 'complete'), 1, 'requests to complete');
  const asked = probes.length;
  await new Promise((resolve) => setTimeout(resolve, 3 * STALL));
  equal(probes.length, asked, 'probes after the end');
}));

test('a server that can’t be reached while it completes is waited for and asked again', () => completing(
  { Faults: [{ On: 'complete', Times: 1, Do: 'hang' }] }, false,
  async ({ upload, states, log, down }) => {
    down(true);
    await until('the row waits for the network', () => upload.state === 'offline');
    down(false);
    await until('it is done', () => upload.state === 'done');
    equal(states.slice(3), ['confirming', 'offline', 'confirming', 'done']);
    equal(count(await log(), 'complete'), 2, 'requests to complete');
  },
));
