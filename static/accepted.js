/** @import {List} from './list.js' */
/** @import {Messages} from './messages.js' */
/** @import {RequestError} from './request.js' */
/** @import {Upload} from './upload.js' */

/** The timer of each row's next change. @type {WeakMap<Upload, ReturnType<typeof setTimeout>>} */
const timers = new WeakMap();
/** When each link ends, in ms. @type {WeakMap<object, number>} */
const ends = new WeakMap();
/** Uploads that the server is asked to remove. @type {WeakSet<Upload>} */
const removing = new WeakSet();
/** The longest time that a timer takes, in ms. */
const MAX_DELAY = 2 ** 31 - 1;

/** When the link to a file ends, in ms by this machine's clock: clocks differ, so only the span counts. @param {Upload} upload @returns {number} 0 for none */
function linkEnd({ stored }) {
  const claims = /\/objects\/[^/.]+\.([^/.]+)\.[^/.]+$/.exec(stored?.url ?? '')?.[1];
  if (!stored || !claims) return 0;
  const known = ends.get(stored);
  if (known) return known;
  const { iat, exp } = JSON.parse(atob(claims.replace(/-/g, '+').replace(/_/g, '/')));
  const end = Date.now() + (exp - iat) * 1000;
  ends.set(stored, end);
  return end;
}

/**
 * Shows the link to a file as long as it lives, and updates the row when the time of the link or of removing ends.
 * @param {HTMLElement} row @param {Upload} upload @param {Messages} messages
 */
export function showLink(row, upload, messages) {
  if (upload.state !== 'done') return;
  const now = Date.now();
  const end = linkEnd(upload);
  let link = row.querySelector('a');
  if (end > now && !link) {
    link = Object.assign(document.createElement('a'), { href: upload.stored?.url, target: '_blank', rel: 'noopener', className: 'postern-row-action' });
    link.textContent = messages.text('upload.action.open');
    link.ariaLabel = messages.text('upload.action_label', { action: link.textContent, name: upload.name });
    row.querySelector('.postern-row-actions')?.prepend(link);
  }
  if (link && end <= now) {
    if (link === document.activeElement) row.focus();
    link.remove();
  }
  clearTimeout(timers.get(upload));
  const next = Math.min(...[end, upload.removableUntil].filter((at) => at > now));
  if (next < Infinity) timers.set(upload, setTimeout(() => upload.state === 'done' && upload.onChange(upload), Math.min(next - now + 50, MAX_DELAY)));
}

/** Asks the server to remove an accepted file, and only then removes its row. @param {List} list @param {Upload} upload */
export async function takeBack(list, upload) {
  const { queue, messages } = list;
  if (removing.has(upload) || !queue.options.emit('remove', { upload })) return;
  removing.add(upload);
  try {
    await queue.transfer(upload).call('DELETE', `/${upload.plan?.id}`);
    queue.drop(upload);
    import('./same-file.js').then(({ keep }) => keep(queue, [upload], true), () => {});
    list.announce(messages.text('upload.announce.removed', { name: upload.name }));
  } catch (error) {
    const over = /already_completed|upload_expired/.test(/** @type {RequestError} */ (error).code);
    if (over) upload.removableUntil = 0;
    upload.code = over ? 'already_completed' : 'not_removed';
    upload.onChange(upload);
    list.announce(list.row(upload)?.text() ?? '');
  } finally {
    removing.delete(upload);
  }
}
