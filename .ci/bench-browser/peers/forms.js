// The least that many small files need: one form for each, all signed in one call, and nothing that shows, repeats or verifies.
window.onunhandledrejection = () => { window.finished = NaN; };
const post = ({ url, fields }, file) => new Promise((resolve, reject) => {
  const [xhr, body] = [new XMLHttpRequest(), new FormData()];
  for (const name in fields) body.append(name, fields[name]);
  body.append('file', file);
  xhr.open('POST', url);
  xhr.onload = () => (xhr.status === 201 ? resolve() : reject(new Error(xhr.status)));
  xhr.onerror = reject;
  xhr.send(body);
});
document.querySelector('input').onchange = async ({ target }) => {
  window.began = performance.now();
  const waiting = [...target.files];
  const forms = await (await fetch(`/s3/params?count=${waiting.length}&type=application/octet-stream`)).json();
  const sendForms = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) await post(forms.pop(), file);
  };
  // A browser has six connections to a store; a further form for each waits for the first that is free.
  await Promise.all(Array.from({ length: 12 }, sendForms));
  window.finished = performance.now();
};
