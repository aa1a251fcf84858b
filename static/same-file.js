/** @import {Uploader} from './element.js' */
/** @import {PickedFile} from './file-sources.js' */
/** @import {Queue} from './queue.js' */
/** @import {FileInfo} from './types.d.ts' */
/** @import {Upload} from './upload.js' */
import { RequestError, sampleHash } from './core.js';

/** Begins the names under which the browser keeps marks of finished uploads, by person and profile. */
const PREFIX = 'postern-done ';
/** How long they are kept, in ms, and how many of a person. */
const [KEPT, MOST] = [30 * 24 * 3600 * 1000, 2000];

/** A guest's are gone with the tab. @param {string} owner */
const storeOf = (owner) => (owner.startsWith('guest-') ? sessionStorage : localStorage);
/** The marks of finished uploads, newest last. @param {string} key @param {Storage} store @returns {string[]} */
function read(key, store) {
  const [ends, ...marks] = (store.getItem(key) ?? '0').split('\n');
  return +ends > Date.now() ? marks : [];
}

/** A mark of name, size, date and samples, which tells nothing of the file to who doesn't have it; '' if it can't be made. @param {FileInfo & {file: File | null}} upload */
const markOf = async (upload) => (await sampleHash(upload, `${upload.size} ${upload.lastModified} ${upload.name}`).catch(() => '')).slice(0, 16);

/** Does something with what is kept of each person who uses the page. Without storage, or crypto.subtle, nothing is kept. @param {Queue['saved']} saved @param {string[]} owners @param {(key: string, store: Storage, owner: string) => void} use */
function eachOwner(saved, owners, use) {
  try {
    for (const owner of owners) use(`${PREFIX}${owner} ${saved.scope}`, storeOf(owner), owner);
  } catch {
    // There is no storage, or no room in it.
  }
}

/** @param {Queue['saved']} saved @param {string[]} owners @param {string} mark */
function has(saved, owners, mark) {
  let found = false;
  eachOwner(saved, owners, (key, store) => { found ||= read(key, store).includes(mark); });
  return found;
}

/**
 * Whether a file was sent before by the same person: the code for its row, or ''. A failed upload of the file goes on: then null.
 * @param {Uploader} element @param {PickedFile} file
 */
export async function sentBefore({ queue, passesOn }, file) {
  const { uploads, saved, owner } = /** @type {Queue} */ (queue);
  const { name, size, lastModified } = file;
  const mark = await markOf({ file, name, size, lastModified });
  for (const other of uploads) {
    if (saved.file(other) !== saved.file(file) || /refused|interrupted|removed/.test(other.state) || mark !== (await markOf(other))) continue;
    if (other.state !== 'failed') return 'already_listed';
    queue?.offerFile(other, file);
    return null;
  }
  if (passesOn || !mark) return '';
  const owners = await owner.ask().catch(() => []);
  return has(saved, owners, mark) ? 'already_uploaded' : '';
}

/** How often everything was forgotten on this page: what was being made then isn't kept any more. */
let forgotten = 0;

/** Keeps that some uploads are finished, or with `gone` that they are there no more. @param {Queue} queue @param {Upload[]} uploads @param {boolean} [gone] */
export async function keep({ saved, owner }, uploads, gone) {
  /** @type {Map<string, string[]>} */
  const added = new Map();
  const before = forgotten;
  for (const upload of uploads) {
    const mark = await markOf(upload);
    const whose = upload.owner || owner.guest;
    if (mark) added.set(whose, [...(added.get(whose) ?? []), mark]);
  }
  if (forgotten === before) eachOwner(saved, [...added.keys()], (key, store, whose) => {
    const fresh = new Set(added.get(whose));
    const marks = [...read(key, store).filter((mark) => !fresh.has(mark)), ...(gone ? [] : fresh)];
    store.setItem(key, [Date.now() + KEPT, ...marks.slice(-MOST)].join('\n'));
  });
}

/** Removes all that is kept, whoever it belongs to: at worst a file is sent twice. */
export function forgetAll() {
  forgotten++;
  try {
    for (const store of [sessionStorage, localStorage]) for (const key of Object.keys(store)) if (key.startsWith(PREFIX)) store.removeItem(key);
  } catch {
    // There is no storage, and nothing in it.
  }
}

/**
 * The work for a file that another tab is sending: nothing, where that tab has uploaded it for the same person.
 * @param {Queue['saved']} saved @param {Upload} upload @param {() => Promise<void>} work
 */
export function afterAnother(saved, upload, work) {
  if (upload.again) return work;
  upload.elsewhere = true;
  upload.onChange(upload);
  return async () => {
    upload.elsewhere = false;
    const owners = await saved.owner.ask().catch(() => []);
    const mark = await markOf(upload);
    // The other tab keeps the mark soon after it has let go. A guest of another tab is another guest.
    const patience = mark && owners.some((owner) => !owner.startsWith('guest-')) ? 8 : 0;
    for (let tries = 0; tries < patience; tries++) {
      if (has(saved, owners, mark)) throw new RequestError(409, 'already_uploaded');
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return work();
  };
}
