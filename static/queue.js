/** @import {Host, PartURL, Rules} from './types.d.ts' */
/** @import {Found} from './intake.js' */
import { Memory } from './memory.js';
import { Fault } from './request.js';
import { Transfer } from './transfer.js';
import { Upload } from './upload.js';

/** Whether a content type is among those a profile names; an empty one counts as the server counts it. @param {string} type @param {string[]} types */
export function fits(type, types) {
  const given = type || 'application/octet-stream';
  const ways = ['*/*', given, given.replace(/\/.*/, '/*')];
  return !types.length || types.some((rule) => ways.includes(rule));
}

/** What the rules say against a file, as one of the API's codes; '' for nothing. @param {File} file @param {Rules} rules */
export function objection(file, rules) {
  if (!fits(file.type, rules.types)) return 'type_not_allowed';
  if (file.size > rules.max) return 'size_too_large';
  return file.size < rules.min ? 'size_too_small' : '';
}

/** All files of one uploader, and whose turn it is. */
export class Queue {
  /** @type {Set<Upload>} */
  uploads = new Set();
  running = 0;

  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.memory = new Memory(`${host.endpoint} ${host.profile}`);
  }

  /** Whether another file would be one too many. */
  get full() {
    return !this.host.rules.many && [...this.uploads].some((upload) => upload.state !== 'refused');
  }

  /** Takes a file in; it is refused here if the server would refuse it. @param {Found} file */
  add(file) {
    const { host, memory, full } = this;
    for (const old of this.uploads) if (old.state === 'interrupted' && memory.key(old) === memory.key(file)) return this.again(old, file);
    if (!host.tell('add', { file })) return null;
    const upload = new Upload(file, file, host.changed);
    upload.handle = file.handle ?? null;
    this.uploads.add(upload);
    const code = full ? 'too_many' : objection(file, host.rules);
    if (code) upload.move('refused', code);
    else host.changed(upload);
    return upload;
  }

  /** An interrupted upload's file has been chosen again. @param {Upload} upload @param {Found} file */
  again(upload, file) {
    upload.file = file;
    upload.handle = file.handle ?? upload.handle;
    this.resume(upload);
    return upload;
  }

  /** A file to go on with: only the very same one will do. @param {Upload} upload @param {Found} file */
  offer(upload, file) {
    if (this.memory.key(file) === this.memory.key(upload)) return this.again(upload, file);
    upload.code = 'other_file';
    return this.host.changed(upload);
  }

  /** Brings back what an earlier visit left unfinished, with what the store has of it; as far as we knew, where nobody answers. */
  async restore() {
    const { memory, host } = this;
    for (const kept of await memory.list()) {
      const upload = new Upload(null, kept, host.changed);
      upload.plan = kept;
      const safe = await this.transfer(upload).call('GET', `/${kept.id}/parts`).then(
        ({ parts }) => parts.reduce((/** @type {number} */ sum, /** @type {PartURL} */ { size }) => sum + size, 0),
        (fault) => (fault.again ? kept.safe : 0),
      );
      // Whether it is the plan of the file that will be chosen is yet to be seen.
      upload.plan = null;
      upload.state = 'interrupted';
      this.uploads.add(upload);
      upload.count(safe, 0);
      const file = await memory.reopen(upload, false);
      if (!upload.may('waiting')) continue;
      if (file) this.offer(upload, file);
      else host.changed(upload);
    }
  }

  /** @param {Upload} upload @param {AbortSignal} [signal] */
  transfer(upload, signal) {
    return new Transfer(upload, this.host, this.memory, /** @type {AbortSignal} */ (signal));
  }

  /** Lets everything that was chosen go. */
  start() {
    for (const upload of this.uploads) if (upload.state === 'chosen') upload.move('waiting');
    this.pump();
  }

  pump() {
    for (const upload of this.uploads) {
      if (this.running >= this.host.abreast) return;
      if (upload.state === 'waiting') this.run(upload);
    }
  }

  /** @param {Upload} upload */
  async run(upload) {
    const { host, memory } = this;
    const stop = new AbortController();
    upload.stop = stop;
    upload.move('preparing');
    this.running++;
    try {
      await memory.alone(upload, stop.signal, () => this.transfer(upload, stop.signal).run());
      upload.count(upload.size, 0);
      upload.move('done');
      host.tell('done', { upload });
    } catch (error) {
      // Paused or removed, and perhaps sent on its way again since.
      if (stop.signal.aborted) return;
      stop.abort();
      // Where it is no fault, only a file can be missing or unreadable; anything else is a mistake of ours.
      const code = error instanceof Fault ? error.code : /^Not/.test(/** @type {Error} */ (error).name) ? 'unreadable' : 'script';
      if (code === 'script') reportError(error);
      // What breaks a rule won't pass by trying again, and what can't be read has to be chosen again.
      const state = /^(type|size_too|filename)_/.test(code) ? 'refused' : code === 'unreadable' ? 'interrupted' : 'failed';
      if (state === 'refused') memory.drop(upload);
      if (state === 'interrupted') upload.file = upload.handle = null;
      upload.move(state, code);
      host.tell('fail', { upload });
    } finally {
      this.running--;
      this.pump();
    }
  }

  /** @param {Upload} upload */
  pause(upload) {
    upload.move('paused');
    upload.stop?.abort();
    upload.count(upload.safe, 0);
  }

  /** Goes on after a pause, or tries again after a failure. @param {Upload} upload */
  resume(upload) {
    upload.move('waiting');
    this.pump();
  }

  /** Takes a file off the list, and its parts off the store. @param {Upload} upload */
  remove(upload) {
    if (!upload.may('removed') || !this.host.tell('remove', { upload })) return false;
    const { state } = upload;
    const plan = upload.plan ?? this.memory.read(this.memory.key(upload));
    upload.move('removed');
    upload.stop?.abort();
    this.uploads.delete(upload);
    if (!plan || state === 'done') return true;
    this.memory.drop(upload);
    upload.plan = plan;
    this.transfer(upload).call('DELETE', `/${plan.id}`).catch(() => {});
    return true;
  }
}
