// Print an upload ticket for Postern: POSTERN_TICKET_KEY=... node mint.mjs SUBJECT PROFILE...
import { createHmac } from "node:crypto";

const encode = (value) => Buffer.from(JSON.stringify(value), "utf8").toString("base64url");

function mint(secret, subject, profiles, lifetime = 900) {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: "HS256", typ: "JWT" };
  const payload = {
    sub: subject, // who uploads: your user's id
    aud: "postern",
    profiles, // what may be used
    iat: now,
    exp: now + lifetime,
    // Optional: max_size: bytes, metadata: {...}, origin: "https://...",
    // claims: {...} for {claim:NAME} in key templates
  };
  const text = `${encode(header)}.${encode(payload)}`;
  const signature = createHmac("sha256", secret).update(text).digest("base64url");
  return `${text}.${signature}`;
}

const secret = process.env.POSTERN_TICKET_KEY; // at least 32 bytes
const [subject, ...profiles] = process.argv.slice(2);
console.log(mint(secret, subject, profiles));
