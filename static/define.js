import { Uploader } from './element.js';

customElements.define('postern-uploader', Uploader);
