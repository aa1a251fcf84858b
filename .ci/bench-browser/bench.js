// node bench.js --postern PATH [--size MiB | --files N] [--rounds N] [--latency MS --rate MBIT]
// Prints medians of seconds and of the browser's CPU seconds, and the number of requests (preflights included), per client. With
// --files, N files of 10 kB are sent in place of one large one, and the largest heap is printed too, and the longest task of the page's
// main thread, in processor time. Counting requests and tracing tasks slow everything down, and most of all the client that sends the
// most requests: that is done in one more round, of which nothing else is used.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import esbuild from 'esbuild';
import { startChromium } from './chromium.js';
import { companion } from './companion.js';
import { slowLine } from './slow-line.js';

const { values } = parseArgs({ options: {
  postern: { type: 'string', default: 'postern' },
  chromium: { type: 'string', default: '/usr/bin/chromium' },
  size: { type: 'string', default: '512' },
  files: { type: 'string', default: '0' },
  rounds: { type: 'string', default: '5' },
  latency: { type: 'string', default: '0' },
  rate: { type: 'string', default: '0' },
  only: { type: 'string', default: '' },
} });
const MiB = 1 << 20;
const count = Number(values.files);
const size = Number(values.size) * MiB;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-bench-'));
const files = count ? Array.from({ length: count }, (_, i) => path.join(dir, `${i}.bin`)) : [path.join(dir, 'file.bin')];

/** The processor time of a process and all below it, in seconds. */
function cpu(root) {
  const all = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      return [{ pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
    } catch {
      return [];
    }
  });
  const mine = new Set([root]);
  for (let grown = -1; grown !== mine.size;) {
    grown = mine.size;
    for (const one of all) if (mine.has(one.parent)) mine.add(one.pid);
  }
  return all.filter((one) => mine.has(one.pid)).reduce((sum, one) => sum + one.ticks, 0) / 100;
}

const bundle = async (peer) => (await esbuild.build({
  entryPoints: [`peers/${peer}.js`], bundle: true, format: 'esm', write: false, minify: true, loader: { '.json': 'json' },
})).outputFiles[0].text;

/** Starts postern dev and waits for its ready line. */
async function dev(args) {
  const child = spawn(values.postern, ['dev', '--listen', '127.0.0.1:0', '--s3-listen', '127.0.0.1:0', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const text of child.stdout) {
    const ready = /ready at (\S+) \(store (\S+)\)/.exec(text);
    if (ready) return { child, url: ready[1], store: ready[2] };
  }
  throw new Error('postern ended before it was ready');
}

/** Notes in a page when the files were chosen and when the last was sent; peers do so by themselves. */
const NOTE_TIMES = (all) => `new Promise((resolve) => {
  document.addEventListener('change', () => performance.mark('chosen'), { capture: true, once: true });
  if (!${all}) return resolve();
  let done = 0;
  document.addEventListener('change', () => { window.began ??= performance.now(); }, true);
  document.addEventListener('postern:done', () => { if (++done === ${all}) window.finished = performance.now(); });
  document.addEventListener('postern:fail', () => { window.finished = NaN; });
  const ready = () => (document.querySelector('postern-uploader[ready]') ? resolve() : setTimeout(ready, 20));
  return ready();
})`;
/** The seconds that a page needed, once all is sent; NaN if that failed. Two minutes are the most. */
const WAIT = `new Promise((resolve) => {
  const wait = () => (window.finished !== undefined || performance.now() > 120000 ? resolve((window.finished - window.began) / 1000 || 0) : setTimeout(wait, 50));
  wait();
})`;

/** Uploads the files once by a client, in a new browser context, and returns seconds, CPU seconds and, if `counting`, the number of requests. */
async function once(browser, client, counting = false) {
  const page = await browser.open(client.url);
  let [heap, requests] = [0, 0];
  if (counting) await page.send('Network.enable');
  page.on('Network.requestWillBeSent', ({ request }) => { requests += /^http/.test(request.url) ? 1 : 0; });
  await page.evaluate(NOTE_TIMES(client.ours ? files.length : 0));
  const measure = count ? setInterval(async () => {
    const { usedSize } = await page.send('Runtime.getHeapUsage').catch(() => ({ usedSize: 0 }));
    heap = Math.max(heap, usedSize);
  }, 250) : 0;
  // A page has come to rest before a person chooses.
  await new Promise((resolve) => { setTimeout(resolve, 1000); });
  const { root } = await page.send('DOM.getDocument');
  const { nodeId } = await page.send('DOM.querySelector', { nodeId: root.nodeId, selector: 'input[type=file]' });
  const before = cpu(browser.pid);
  await page.send('DOM.setFileInputFiles', { nodeId, files });
  const seconds = await page.evaluate(WAIT);
  const used = cpu(browser.pid) - before;
  clearInterval(measure);
  await page.close();
  if (!(seconds > 0)) throw new Error(`${client.name} failed`);
  return { seconds, cpu: used, requests, heap: heap / 1e6 };
}

/** Runs once, and returns the result with the ms of processor time that the longest task of the page's main thread takes after the files were chosen. Times of a trace are in microseconds. */
async function traced(browser, run) {
  const events = [];
  browser.on('Tracing.dataCollected', ({ value }) => events.push(...value.filter(({ name }) => /^(RunTask|chosen)$/.test(name))));
  await browser.send('Tracing.start', { traceConfig: { includedCategories: ['-*', 'disabled-by-default-devtools.timeline', 'blink.user_timing'] } });
  const result = await run();
  const ended = new Promise((resolve) => { browser.on('Tracing.tracingComplete', resolve); });
  await browser.send('Tracing.end');
  await ended;
  const chosen = events.find(({ name }) => name === 'chosen');
  const tasks = events.filter(({ name, pid, tid, ts, dur }) => name === 'RunTask' && pid === chosen.pid && tid === chosen.tid && ts + dur > chosen.ts);
  return { ...result, longest: tasks.reduce((longest, { tts, tdur }) => Math.max(longest, tdur - Math.max(0, chosen.tts - tts)), 0) / 1000 };
}

/** Removes all that was stored, so that each run finds the same. */
function removeObjects() {
  for (const server of ['plain', 'summed']) for (const prefix of ['bench', 'users']) fs.rmSync(path.join(dir, server, 'store', 'postern-dev', prefix), { recursive: true, force: true });
  spawnSync('sync');
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

const peers = await companion({ uppy: await bundle('uppy'), bare: await bundle('bare'), forms: await bundle('forms') });
const plain = await dev(['--data', path.join(dir, 'plain'), '--origin', peers.url]);
const summed = await dev(['--data', path.join(dir, 'summed'), '--checksum', 'crc32']);
peers.connect(plain.store, fs.readFileSync(path.join(dir, 'plain', 'store.key'), 'utf8').trim());
// A slow line is one between the browser and all others: the stores, and the servers of the pages and of the calls. They share its rate.
const line = Number(values.latency) || Number(values.rate) ? slowLine(Number(values.latency) / 2, Number(values.rate) * 125000) : null;
const hosts = [plain.url, plain.store, summed.url, summed.store, peers.url].map((url) => new URL(url));
const hostRules = line ? await Promise.all(hosts.map(async ({ host, hostname, port }) => `MAP ${host} 127.0.0.1:${await line.listen({ host: hostname, port: Number(port) })}`)) : [];
const browser = await startChromium(values.chromium, path.join(dir, 'profile'), hostRules.length ? [`--host-resolver-rules=${hostRules.join()}`] : []);
const clients = [
  { name: 'postern', url: `${plain.url}/forms/files`, ours: true },
  { name: 'postern + crc32', url: `${summed.url}/forms/files`, ours: true },
  { name: 'uppy', url: `${peers.url}/uppy${size > 100e6 ? '' : '?multipart-from=1'}` },
  ...(count ? [{ name: 'bare forms', url: `${peers.url}/forms` }] : []),
  ...(count ? [] : [{ name: 'bare 8 MiB x 6', url: `${peers.url}/bare?part=${8 * MiB}&concurrency=6` }]),
  ...(count ? [] : [{ name: 'bare 32 MiB x 4', url: `${peers.url}/bare?part=${32 * MiB}&concurrency=4` }]),
].filter(({ name }) => new RegExp(values.only).test(name));
try {
  for (const file of files) {
    const content = fs.openSync(file, 'w');
    for (let at = 0; at < (count ? 1 : size); at += MiB) fs.writeSync(content, crypto.getRandomValues(new Uint8Array(65536)), 0, 65536, at);
    fs.ftruncateSync(content, count ? 10000 : size);
    fs.closeSync(content);
  }
  const results = new Map(clients.map((client) => [client.name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    // In another order each time: what one client has written is still on its way to the disk when the next one begins.
    for (const client of [...clients.slice(round % clients.length), ...clients.slice(0, round % clients.length)]) {
      // The bare client doesn't retry, so a broken connection fails the round: each round is tried twice.
      const result = await once(browser, client).catch(() => once(browser, client));
      results.get(client.name).push(result);
      console.error(round + 1, client.name, result);
      removeObjects();
    }
  }
  const rate = Number(values.rate) * 125000;
  for (const client of clients) {
    const { name } = client;
    const list = results.get(name);
    const { requests, longest } = await traced(browser, () => once(browser, client, true));
    const [seconds, used, heap] = ['seconds', 'cpu', 'heap'].map((key) => median(list.map((one) => one[key])));
    console.log(`${name.padEnd(16)} ${seconds.toFixed(2)} s${rate ? ` (${(seconds / (size / rate)).toFixed(2)} of ideal)` : ''}, ${used.toFixed(2)} CPU s, ${requests} requests${count ? `, longest task ${longest.toFixed(0)} ms of processor time, heap ${heap.toFixed(1)} MB` : ''}`);
  }
} finally {
  await browser.close();
  for (const { child } of [plain, summed]) {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
  }
  peers.close();
  line?.close();
  fs.rmSync(dir, { recursive: true, force: true });
}
