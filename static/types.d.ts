// Shapes the modules share, for the type checker alone: nothing here reaches a page.

import type { Upload } from './upload.js';

/** What a person can see a file doing. */
export type State = 'chosen' | 'refused' | 'waiting' | 'preparing' | 'sending' | 'paused' | 'offline' | 'retrying'
  | 'confirming' | 'done' | 'failed' | 'interrupted' | 'removed';

export type Algorithm = 'crc32' | 'crc32c' | 'crc64nvme';

/** What the server answers to POST /uploads, as in the API's description. */
export interface Plan {
  id: string;
  key: string;
  method: 'post' | 'put' | 'multipart';
  expires: string;
  token: string;
  post?: { url: string; fields: { name: string; value: string }[] };
  put?: { url: string; headers: Record<string, string> };
  multipart?: PartLayout;
}

/** How a file is cut into parts; `partSize` in bytes. `checksum` names the algorithm that each part's checksum is made with, if any. */
export interface PartLayout {
  partSize: number;
  partCount: number;
  checksum: Algorithm | null;
}

/** What a file is known by. */
export type Known = { name: string; size: number; lastModified: number };

/** What is left of a plan between two visits. `hash` samples the file's content. */
export type Kept = Plan & Known & { hash: string; safe: number };

/** One part's URL; `until` is on this machine's clock, in ms. */
export interface PartURL {
  number: number;
  url: string;
  size: number;
  headers: Record<string, string>;
  until: number;
}

/** What the server says about a stored object. */
export interface Stored {
  id: string;
  profile: string;
  bucket: string;
  key: string;
  size: number;
  type: string;
  etag: string;
  checksum?: string;
}

/** One request: everything but method and url may be left out. `stall` is in ms without a sign of life; 0 for no limit. */
export interface Request {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: XMLHttpRequestBodyInit | null;
  signal?: AbortSignal;
  progress?: (bytes: number) => void;
  stall?: number;
}

/** The rules of a profile as the page tells them; sizes in bytes. */
export interface Rules {
  types: string[];
  names: string;
  min: number;
  max: number;
  many: boolean;
}

/** What the queue needs from whoever shows it. */
export interface Host {
  endpoint: string;
  profile: string;
  rules: Rules;
  /** The visitor's ticket, or ''. With `renew`, one that is not the last one given. */
  ticket(renew: boolean): string | Promise<string>;
  /** Asks or tells; false when somebody objected. */
  tell(name: string, detail: object): boolean;
  /** An upload's state or progress changed. */
  changed(upload: Upload): void;
  stall: number;
  /** How many files travel at once. */
  abreast: number;
}
