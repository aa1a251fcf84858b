import { Uploader } from './element.js';

customElements.define('postern-uploader', Uploader);
// Only a page made for an iframe needs the handshake with the page around it.
if (document.querySelector('postern-uploader[embedded]')) import('./widget.js');
