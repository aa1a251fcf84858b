import{Uploader as e}from"./core.js";customElements.define("postern-uploader",e),document.querySelector("postern-uploader[embedded]")&&import("./widget.js");
