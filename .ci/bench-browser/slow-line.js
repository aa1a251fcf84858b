// A network line with a delay, and one rate that all its connections share. (If each connection had a rate of its own, a client that opens
// more of them would be faster.)
import net from 'node:net';
import { Transform } from 'node:stream';

/** What waits for its turn on the line, in ms: routers keep some, so that the line isn't idle until a sender hears of a free place. */
const QUEUE = 20;

/** A line with a delay in ms each way, and a rate in bytes per second from the browser. */
export function slowLine(delay, rate) {
  let free = 0; // when the line has sent all that it was given, in ms
  const servers = [];
  const through = (limited, waiting = []) => new Transform({
    highWaterMark: 64 << 10,
    transform(chunk, _, done) {
      const now = performance.now();
      if (limited && rate) free = Math.max(free, now) + (chunk.length / rate) * 1000;
      const sent = limited && rate ? free : now;
      // Timers are rounded and may fire in another order: whichever fires, the oldest chunk is passed on.
      waiting.push(chunk);
      setTimeout(() => this.push(waiting.shift()), sent - now + delay);
      if (sent - now < QUEUE) done();
      else setTimeout(done, sent - now - QUEUE);
    },
    flush(done) {
      const empty = () => (waiting.length ? setTimeout(empty, 1) : done());
      empty();
    },
  });
  return {
    /** Listens on a free port, which is returned, and passes everything on to the target. */
    async listen({ host, port }) {
      const server = net.createServer((browser) => {
        const target = net.connect(port, host);
        for (const socket of [browser, target]) {
          socket.setNoDelay(true);
          socket.on('error', () => { browser.destroy(); target.destroy(); });
        }
        browser.pipe(through(true)).pipe(target);
        target.pipe(through(false)).pipe(browser);
      });
      servers.push(server);
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server.address().port;
    },
    close: () => servers.forEach((server) => server.close()),
  };
}
