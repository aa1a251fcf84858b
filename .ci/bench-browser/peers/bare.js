// The least that a multipart upload needs: one part size, one number of parts at once, no retry, no progress.
const query = new URLSearchParams(location.search);
const [partSize, concurrency] = [Number(query.get('part')), Number(query.get('concurrency'))];
const json = async (path, options) => (await fetch(path, options)).json();
const put = (url, body) => new Promise((resolve, reject) => {
  const xhr = new XMLHttpRequest();
  xhr.open('PUT', url);
  xhr.onload = () => (xhr.status === 200 ? resolve(xhr.getResponseHeader('etag')) : reject(new Error(xhr.status)));
  xhr.onerror = reject;
  xhr.send(body);
});
window.onunhandledrejection = () => { window.finished = NaN; };
document.querySelector('input').onchange = async ({ target }) => {
  window.began = performance.now();
  const [file] = target.files;
  const { key, uploadId } = await json('/s3/multipart', { method: 'POST', body: JSON.stringify({ filename: file.name }) });
  const count = Math.ceil(file.size / partSize);
  const at = `/s3/multipart/${encodeURIComponent(uploadId)}`;
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const { presignedUrls } = await json(`${at}/batch?key=${key}&partNumbers=${numbers}`);
  const parts = [];
  const sendParts = async () => {
    for (let n = numbers.shift(); n; n = numbers.shift()) {
      parts.push({ PartNumber: n, ETag: await put(presignedUrls[n], file.slice((n - 1) * partSize, n * partSize)) });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sendParts));
  await json(`${at}/complete?key=${key}`, { method: 'POST', body: JSON.stringify({ parts: parts.sort((a, b) => a.PartNumber - b.PartNumber) }) });
  window.finished = performance.now();
};
