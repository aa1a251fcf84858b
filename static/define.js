import { Uploader } from './core.js';

customElements.define('postern-uploader', Uploader);
// Only the page for an iframe exchanges messages with the page around it.
if (document.querySelector('postern-uploader[embedded]')) import('./widget.js');
