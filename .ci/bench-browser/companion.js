// The routes that Uppy's client calls, signing for the same store. Like Uppy's own Companion it doesn't pass files on.
import { createHmac } from 'node:crypto';
import http from 'node:http';
import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

const page = (script) => `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><input type="file" multiple><script type="module">${script}</script>`;

/** Serves one page per peer and the routes under /s3; connect() says where the store is, once it is known. */
export async function companion(scripts) {
  const store = {};
  const Bucket = 'postern-dev';
  const sign = (Key, UploadId, PartNumber) => getSignedUrl(store.client, new UploadPartCommand({ Bucket, Key, UploadId, PartNumber }), { expiresIn: 900 });
  const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
  /** A form for one POST, as Companion's presigned ones are. */
  const signForm = (key, type) => {
    const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const scope = [now.slice(0, 8), 'us-east-1', 's3', 'aws4_request'];
    const fields = { key, 'content-type': type, success_action_status: '201', 'x-amz-algorithm': 'AWS4-HMAC-SHA256', 'x-amz-credential': `postern-dev/${scope.join('/')}`, 'x-amz-date': now };
    const conditions = [{ bucket: Bucket }, ...Object.entries(fields).map(([name, value]) => ({ [name]: value }))];
    const policy = Buffer.from(JSON.stringify({ expiration: new Date(Date.now() + 9e5).toISOString(), conditions })).toString('base64');
    const signature = hmac(scope.reduce(hmac, `AWS4${store.secret}`), policy).toString('hex');
    return { method: 'POST', url: `${store.endpoint}/${Bucket}`, fields: { ...fields, policy, 'x-amz-signature': signature }, expires: 900 };
  };
  const routes = [
    ['GET', /^\/s3\/params$/, async (_, { type, count }) => {
      const forms = Array.from({ length: Number(count ?? 1) }, () => signForm(`bench/${crypto.randomUUID()}`, type));
      return count ? forms : forms[0];
    }],
    ['POST', /^\/s3\/multipart$/, async () => {
      const Key = `bench/${crypto.randomUUID()}`;
      const { UploadId } = await store.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      return { key: Key, uploadId: UploadId, bucket: Bucket };
    }],
    ['GET', /^\/s3\/multipart\/([^/]+)\/(\d+)$/, async ([id, n], { key }) => ({ url: await sign(key, id, Number(n)), expires: 900 })],
    ['GET', /^\/s3\/multipart\/([^/]+)\/batch$/, async ([id], { key, partNumbers }) => ({
      presignedUrls: Object.fromEntries(await Promise.all(partNumbers.split(',').map(async (n) => [n, await sign(key, id, Number(n))]))),
    })],
    ['POST', /^\/s3\/multipart\/([^/]+)\/complete$/, async ([UploadId], { key: Key }, { parts }) => {
      const Parts = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag: `"${ETag.replaceAll('"', '')}"` }));
      await store.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
      return { location: Key, key: Key, bucket: Bucket };
    }],
    ['DELETE', /^\/s3\/multipart\/([^/]+)$/, async ([UploadId], { key: Key }) => {
      await store.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      return {};
    }],
  ];
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, 'http://bench');
    const script = scripts[url.pathname.slice(1)];
    if (script) return response.setHeader('Content-Type', 'text/html').end(page(script));
    for (const [method, path, serve] of routes) {
      const found = request.method === method && path.exec(url.pathname);
      if (!found) continue;
      let body = '';
      for await (const piece of request) body += piece;
      const answer = await serve(found.slice(1).map(decodeURIComponent), Object.fromEntries(url.searchParams), body && JSON.parse(body)).catch((error) => ({ error: `${error}` }));
      return response.writeHead(answer.error ? 500 : 200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    }
    return response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    connect(endpoint, secretAccessKey) {
      Object.assign(store, { endpoint, secret: secretAccessKey });
      store.client = new S3Client({
        endpoint, region: 'us-east-1', forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED',
        credentials: { accessKeyId: 'postern-dev', secretAccessKey },
      });
    },
    close: () => server.close(),
  };
}
