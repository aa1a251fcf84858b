// A network link with a delay, and one rate that all its connections share. (If each connection had a rate of its own, a client that opens
// more of them would be faster.)
import net from 'node:net';
import { Transform } from 'node:stream';

/** Listens on a free port and passes everything on to the target; delay in ms each way, rate in bytes per second towards the target. */
export async function slowLink({ host, port }, delay, rate) {
  let free = 0; // when the link has sent all that it was given, in ms
  const through = (limited, waiting = []) => new Transform({
    highWaterMark: 64 << 10,
    transform(chunk, _, done) {
      const now = performance.now();
      if (limited && rate) free = Math.max(free, now) + (chunk.length / rate) * 1000;
      const sent = limited && rate ? free : now;
      // Timers are rounded and may fire in another order: whichever fires, the oldest chunk is passed on.
      waiting.push(chunk);
      setTimeout(() => this.push(waiting.shift()), sent - now + delay);
      // The next chunk is taken when this one has been sent, not when it has arrived.
      setTimeout(done, Math.max(0, sent - now));
    },
    flush(done) {
      const empty = () => (waiting.length ? setTimeout(empty, 1) : done());
      empty();
    },
  });
  const server = net.createServer((browser) => {
    const store = net.connect(port, host);
    for (const socket of [browser, store]) {
      socket.setNoDelay(true);
      socket.on('error', () => { browser.destroy(); store.destroy(); });
    }
    browser.pipe(through(true)).pipe(store);
    store.pipe(through(false)).pipe(browser);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, close: () => server.close() };
}
