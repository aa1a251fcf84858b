// A Chromium that is spoken to by its DevTools protocol and by nothing between: clients of that protocol have each request of a page
// reported, which costs most where most requests are sent.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What browsers do by themselves, and what they do less of in windows that nobody sees, has no place in a measurement. */
const FLAGS = ['--headless=new', '--remote-debugging-pipe', '--no-sandbox', '--no-first-run', '--disable-gpu', '--disable-quic', '--disable-sync', '--disable-extensions',
  '--disable-background-networking', '--disable-component-update', '--disable-default-apps', '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding', '--disable-ipc-flooding-protection', '--password-store=basic', '--use-mock-keychain'];

/** Starts Chromium with a new profile in a folder. Messages end with a zero byte. */
export async function startChromium(executable, profile, flags) {
  const child = spawn(executable, [...FLAGS, ...flags, `--user-data-dir=${profile}`], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const [, , , toBrowser, fromBrowser] = child.stdio;
  const [answers, listeners] = [new Map(), new Set()];
  let [last, pieces] = [0, []];
  const receive = ({ id, error, result, method, params, sessionId }) => {
    if (!id) return listeners.forEach((listener) => listener.method === method && listener.sessionId === sessionId && listener.call(params));
    const { resolve, reject } = answers.get(id);
    answers.delete(id);
    return error ? reject(new Error(error.message)) : resolve(result);
  };
  fromBrowser.on('data', (data) => {
    let begin = 0;
    for (let end = data.indexOf(0); end >= 0; end = data.indexOf(0, begin)) {
      receive(JSON.parse(Buffer.concat([...pieces, data.subarray(begin, end)]).toString()));
      [pieces, begin] = [[], end + 1];
    }
    pieces.push(data.subarray(begin));
  });
  child.once('exit', () => answers.forEach(({ reject }) => reject(new Error('chromium has ended'))));
  const session = (sessionId) => ({
    send: (method, params = {}) => new Promise((resolve, reject) => {
      answers.set(++last, { resolve, reject });
      toBrowser.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    }),
    on: (method, call) => listeners.add({ method, call, sessionId }),
  });
  const browser = session();
  return {
    ...browser,
    pid: child.pid,
    /** Opens a page in a context of its own. */
    async open(url) {
      const { browserContextId } = await browser.send('Target.createBrowserContext');
      const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank', browserContextId, width: 1280, height: 720 });
      const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
      const page = session(sessionId);
      const loaded = new Promise((resolve) => { page.on('Page.loadEventFired', resolve); });
      await page.send('Page.enable');
      await page.send('Page.navigate', { url });
      await loaded;
      return {
        ...page,
        /** The value of an expression, which may be a promise. */
        async evaluate(expression) {
          const { result, exceptionDetails } = await page.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
          return result.value;
        },
        close: () => browser.send('Target.disposeBrowserContext', { browserContextId }),
      };
    },
    async close() {
      const ended = once(child, 'exit');
      await browser.send('Browser.close').catch(() => {});
      await ended;
    },
  };
}
