/** @import {QueueOptions} from './types.d.ts' */
/** @import {PickedFile} from './file-sources.js' */
import { Batches } from './batches.js';
import { Owner } from './owner.js';
import { SavedUploads } from './saved-uploads.js';
import { checkRules } from './rules.js';
import { Transfer } from './transfer.js';
import { Turns } from './turns.js';
import { Upload } from './upload.js';

/** All files of one uploader. It decides which of them are sent. */
export class Queue {
  /** @type {Set<Upload>} */
  uploads = new Set();
  /** @param {QueueOptions} options */
  constructor(options) {
    this.options = options;
    this.owner = new Owner(options, () => this.restore());
    this.saved = new SavedUploads(`${options.endpoint} ${options.profile}${options.field ?? ''}`, this.owner);
    this.batches = new Batches(this);
    this.turns = new Turns(this);
  }

  /** How many files are allowed. */
  get limit() { return this.options.rules.multiple ? this.options.rules.maxFiles || Infinity : 1; }

  /** Whether no further file is allowed. */
  get full() { return this.limit < Infinity && [...this.uploads].filter((upload) => upload.state !== 'refused').length >= this.limit; }

  /**
   * Adds a file; it is refused here if the server would refuse it.
   * @param {PickedFile} file @param {boolean} [replaces] whether it takes the place of another where only one is allowed
   * @param {string} [sent] why it isn't sent unless the person asks for it
   */
  add(file, replaces, sent = '') {
    const { options, saved, limit } = this;
    for (const old of this.uploads) if (old.state === 'interrupted' && saved.file(old) === saved.file(file)) return this.#resumeWith(old, file);
    if (!options.emit('add', { file })) return null;
    const upload = new Upload(file, file, options.onChange);
    upload.handle = file.handle ?? null;
    let code = checkRules({ type: file.type, name: upload.name, size: upload.size }, options.rules) || sent;
    if (!code && replaces && limit === 1) for (const old of this.uploads) this.remove(old);
    if (!code && this.full) code = 'too_many';
    this.uploads.add(upload);
    if (code) upload.move('refused', code);
    else options.onChange(upload);
    return upload;
  }

  /** Resumes an interrupted upload with its file, which was chosen again. @param {Upload} upload @param {PickedFile} file */
  #resumeWith(upload, file) {
    upload.file = file;
    upload.handle = file.handle ?? upload.handle;
    this.resume(upload);
    return upload;
  }

  /** Resumes an interrupted upload if the file is the same. @param {Upload} upload @param {PickedFile} file */
  offerFile(upload, file) {
    if (this.saved.file(file) === this.saved.file(upload)) return this.#resumeWith(upload, file);
    upload.code = 'other_file';
    return this.options.onChange(upload);
  }

  /** Shows the person's unfinished uploads of earlier visits and nothing of anybody else, who may have come if `changed`. False when the server doesn't tell whose the page is. @param {boolean} [changed] */
  async restore(changed) {
    if (changed) this.owner.reset();
    return (!this.uploads.size && !this.saved.keys().length) || (await import('./own-uploads.js')).restore(this);
  }

  /** Stops everything, and removes all that the person has saved in this browser. */
  async forget() {
    const { uploads, owner, saved, options } = this;
    const known = [owner.guest, ...owner.marks, ...options.owners(), ...[...uploads].map((upload) => upload.owner)];
    uploads.forEach((upload) => this.drop(upload));
    await saved.forget(known);
    if (saved.keys().length) await saved.forget(await owner.ask().catch(() => []));
    owner.forget();
  }

  /** Takes an upload from the list and stops it. What is saved of it stays. @param {Upload} upload */
  drop(upload) {
    upload.move('removed');
    [upload.controller, upload.gone].forEach((controller) => controller?.abort());
    [this.uploads, this.turns.waiting].forEach((set) => set.delete(upload));
  }

  /** @param {Upload} upload @param {AbortSignal} [signal] */
  transfer(upload, signal) {
    return new Transfer(upload, this, /** @type {AbortSignal} */ (signal));
  }

  /** Starts all files that were chosen. */
  start() { this.turns.start(); }

  /** @param {Upload} upload */
  pause(upload) {
    upload.move('paused');
    upload.controller?.abort();
    upload.setProgress(upload.storedBytes, 0);
  }

  /** Goes on after a pause or a failure. @param {Upload} upload */
  resume(upload) {
    this.turns.again(upload);
  }

  /** Removes a file from the list. What isn't accepted yet is aborted for good. @param {Upload} upload */
  remove(upload) {
    if (!upload.canMove('removed') || !this.options.emit('remove', { upload })) return false;
    const plan = upload.state !== 'done' && (upload.plan ?? this.saved.read(this.saved.key(upload)));
    this.drop(upload);
    if (!plan) return true;
    this.saved.remove(upload);
    upload.plan = plan;
    this.transfer(upload).abort();
    return true;
  }
}
