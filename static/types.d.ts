// Types that several modules share, for the type checker alone: browsers never load this file.

import type { Messages } from './messages.js';
import type { Upload } from './upload.js';

/** The states of a file, as people see them. */
export type State = 'chosen' | 'refused' | 'waiting' | 'preparing' | 'sending' | 'paused' | 'offline' | 'retrying'
  | 'confirming' | 'done' | 'failed' | 'interrupted' | 'removed';

export type Algorithm = 'crc32' | 'crc32c' | 'crc64nvme' | 'md5';

/** The answer to POST /uploads. */
export interface Plan {
  id: string;
  key: string;
  method: 'post' | 'put' | 'multipart';
  expires: string;
  token: string;
  /** Mark of whom it was issued to; guests have none. */
  owner?: string;
  /** When the token ends, in ms by this machine's clock; not part of the answer. */
  ends: number;
  post?: { url: string; fields: { name: string; value: string }[] };
  put?: { url: string; headers: Record<string, string> };
  multipart?: PartLayout;
}

/** How a file is cut into parts; `partSize` in bytes. `checksum` is the algorithm of each part's checksum, if there is one. */
export interface PartLayout {
  partSize: number;
  partCount: number;
  checksum: Algorithm | null;
  /** The first parts, where they need no checksum and no other file was issued with this one. */
  signed?: SignedParts;
}

/** URLs of parts, and when they expire by the server's clock. */
export interface SignedParts {
  expires: string;
  parts: PartURL[];
}

/** What identifies a file between two visits. */
export type FileInfo = { name: string; size: number; lastModified: number };

/** An unfinished upload as it is saved in the browser. `hash` is that of samples of the file; guests have a mark of their tab. */
export type SavedUpload = Plan & FileInfo & { owner: string; hash: string; storedBytes: number };

/** The URL of one part; `validUntil` by this machine's clock, in ms. */
export interface PartURL {
  number: number;
  url: string;
  size: number;
  headers: Record<string, string>;
  validUntil: number;
}

/** The answer to completing: the object as the store has it. */
export interface Stored {
  id: string;
  profile: string;
  bucket: string;
  key: string;
  size: number;
  type: string;
  etag: string;
  checksum?: string;
  /** What proves to the application that the server has verified the upload; where the server has a receipt key. */
  receipt?: string;
  /** A link to the object that ends soon; where the profile has `download`. */
  url?: string;
}

/** What an uploader tells of a finished upload. `owner` is an opaque mark of whose it is. */
export interface Uploaded extends Stored {
  name: string;
  owner: string;
}

/** A file whose upload isn't finished, as the page around a widget keeps it. `owner` as in Uploaded, '' before it is issued. */
export type Unfinished = FileInfo & { owner: string };

/** One request. After `stall` ms without progress it is aborted, or, with `checkServer`, goes on unless that rejects. */
export interface Request {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: XMLHttpRequestBodyInit | null;
  signal?: AbortSignal;
  onProgress?: (bytes: number) => void;
  stall: number;
  checkServer?: () => Promise<unknown>;
}

/** A request to the store that failed. `preflight`: the browser asked for permission first; `sent` in bytes; `whole`: completing tells whether the file is there all the same. */
export interface StoreFailure {
  error: any;
  url: string;
  preflight: boolean;
  sent: number;
  whole?: boolean;
}

/** What a script saw of a request to the store that failed; see Seen in handlers/uploads/diagnosis.go. */
export interface Seen {
  status: number;
  code: string;
  preflight: boolean;
  reached: boolean;
  sent: number;
  failures: number;
  failing: number;
  withoutETag: boolean;
  smaller: number;
}

/** Why requests to the store fail. `permanent`: another try can't help. `fix`: what whoever runs the page has to add, '' for nothing. */
export interface Cause {
  code: string;
  fix: string;
  permanent: boolean;
}

/** A cause as a row shows it. */
export interface Diagnosis {
  /** The cause's code while it matters, else ''. */
  readonly shown: string;
  /** Shows what whoever runs the page has to add, and the cause's code as an attribute. */
  show(row: HTMLElement, messages: Messages): void;
}

/** The rules of a profile as the page gives them; sizes in bytes. */
export interface Rules {
  types: string[];
  typeNames: string;
  min: number;
  max: number;
  multiple: boolean;
  /** How many files are allowed where several are; 0 or undefined: any number. */
  maxFiles?: number;
}

/** The settings of a queue, and what it needs from the element that shows it. */
export interface QueueOptions {
  endpoint: string;
  profile: string;
  /** Tells the unfinished uploads of a field in a host's form from those of other fields. */
  field?: string;
  rules: Rules;
  /** The visitor's ticket, or ''. With `renew`, another one than the last. */
  ticket(renew: boolean): string | Promise<string>;
  /** The marks of whom the page was made for, if it says. */
  owners(): string[];
  /** The metadata of a file; undefined where the profile accepts none. */
  metadata?: (upload: Upload) => Promise<Record<string, string> | undefined>;
  /** For how many seconds after it was accepted the person may remove a file. */
  removable?: number;
  /** The algorithm of the checksums of parts, as far as that is known before there is a plan. */
  checksum?: Algorithm | '';
  /** Dispatches the event postern:`name`; false when a listener prevented it. */
  emit(name: string, detail: object): boolean;
  /** Called when an upload's state or progress has changed. */
  onChange(upload: Upload): void;
  /** In ms, as in Request. */
  stall: number;
  /** How many files are sent at once. */
  concurrency: number;
}
