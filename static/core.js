// What every page with an uploader loads, in one file: other modules import it from here, so that nothing is loaded twice.
export { Uploader } from './element.js';
export { withHandles } from './file-sources.js';
export { NEEDS_ATTENTION } from './list.js';
export { SpeedMeter } from './messages.js';
export { keepRate, lastRate } from './rate.js';
export { RequestError, backoff, send } from './request.js';
export { shownState, showName } from './row.js';
export { sampleHash } from './saved-uploads.js';
export { Slots } from './slots.js';
export { Upload } from './upload.js';
