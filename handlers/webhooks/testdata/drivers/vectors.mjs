// Judges deliveries by the sample beside it: one a line, {"id", "timestamp", "signature", "body", "secrets", "now"}.
import { readFileSync } from 'node:fs';
import { Refused, parseKey, verify } from './receiver.mjs';

for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const d = JSON.parse(line);
  const headers = Object.fromEntries(['id', 'timestamp', 'signature'].filter((name) => d[name] !== '').map((name) => [`webhook-${name}`, d[name]]));
  try {
    console.log(JSON.stringify({ id: verify(headers, Buffer.from(d.body), d.secrets.map(parseKey), d.now) }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.log(JSON.stringify({ refused: error.message }));
  }
}
