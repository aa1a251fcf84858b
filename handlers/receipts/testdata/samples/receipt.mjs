// Verify upload receipts of Postern, and take each upload once. Needs nothing but Node.
//
//   node receipt.mjs < requests      one a line: {"receipt", "issuer", "profile", "subject", "nonce", "secrets" or "keys"}
//
// prints a line for each: what the receipt says, or why it is refused.
import { createHmac, createPublicKey, timingSafeEqual, verify as verifyPair } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LEEWAY = 30; // seconds that two clocks may differ
const KNOWN = new Set(['iss', 'aud', 'jti', 'sub', 'profile', 'bucket', 'key', 'version', 'size', 'type', 'etag', 'filename',
  'checksum', 'metadata', 'nonce', 'iat', 'exp']);

/** The receipt isn't genuine, or isn't the one expected. */
export class Refused extends Error {}

function decode(text) {
  const raw = Buffer.from(text, 'base64url');
  if (raw.toString('base64url') !== text) throw new Refused('malformed');
  return raw;
}

function decodeJSON(text) {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decode(text)));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refused('malformed');
    return value;
  } catch {
    throw new Refused('malformed');
  }
}

const keyID = (secret) => createHmac('sha256', secret).update('postern receipt key id').digest().subarray(0, 6).toString('base64url');

function isSignedBySecret(text, signature, secret) {
  const wanted = createHmac('sha256', secret).update(text).digest();
  return wanted.length === signature.length && timingSafeEqual(wanted, signature);
}

function isSignedByPair(text, signature, jwk) {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  if (jwk.alg === 'EdDSA') return verifyPair(null, text, key, signature);
  return signature.length === 64 && verifyPair('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** The key that the receipt names, among ours alone, with that key's one algorithm. */
function checkSignature({ typ, alg, kid, crit }, text, signature, secrets, keys) {
  if (typ !== 'postern-receipt+jwt' || crit !== undefined) throw new Refused('malformed');
  const signed = secrets.some((secret) => alg === 'HS256' && kid === keyID(secret) && isSignedBySecret(text, signature, secret))
    || keys.some((jwk) => (alg === 'EdDSA' || alg === 'ES256') && alg === jwk.alg && kid === jwk.kid && isSignedByPair(text, signature, jwk));
  if (!signed) throw new Refused('signature');
}

/** What the receipt says. keys is the list at /receipts/keys; nonce binds it to your session on public profiles. */
export function verify(receipt, { issuer, profile, subject, nonce = '', secrets = [], keys = [], now = Date.now() / 1000 }) {
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(receipt);
  if (receipt.length > 4096 || !parts || receipt.endsWith('\n')) throw new Refused('malformed');
  const [, header, payload, signature] = parts;
  checkSignature(decodeJSON(header), Buffer.from(`${header}.${payload}`), decode(signature), secrets, keys);
  const claims = decodeJSON(payload);
  const isText = (name) => typeof claims[name] === 'string' && claims[name] !== '';
  if (claims.aud !== 'postern:receipt' || !Object.keys(claims).every((name) => KNOWN.has(name))
    || !['iat', 'exp', 'size'].every((name) => Number.isSafeInteger(claims[name])) || claims.size < 0
    || !['jti', 'sub', 'profile', 'bucket', 'key', 'etag'].every(isText)) throw new Refused('malformed');
  if (claims.iss !== issuer) throw new Refused('issuer');
  if (claims.iat > now + LEEWAY) throw new Refused('early');
  if (claims.exp <= now - LEEWAY) throw new Refused('expired');
  if (claims.profile !== profile) throw new Refused('profile');
  if (claims.sub !== subject) throw new Refused('subject');
  if ((claims.nonce ?? '') !== nonce) throw new Refused('nonce');
  return claims;
}

/**
 * Takes an upload for one row. Run it in the transaction that writes the row (query is your driver's, PostgreSQL here): the same row may
 * claim it again, another may not.
 *
 *   create table uploads (id text primary key, row text not null, key text not null)
 */
export async function claim(query, claims, row) {
  await query('insert into uploads (id, row, key) values ($1, $2, $3) on conflict (id) do nothing', [claims.jti, row, claims.key]);
  const { rows } = await query('select row from uploads where id = $1', [claims.jti]);
  if (rows[0].row !== row) throw new Refused('claimed');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const { receipt, ...expected } = JSON.parse(line);
    try {
      console.log(JSON.stringify({ said: verify(receipt, expected) }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      console.log(JSON.stringify({ refused: error.message }));
    }
  }
}
