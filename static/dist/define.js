import{Uploader as e}from"./element.js";customElements.define("postern-uploader",e),document.querySelector("postern-uploader[embedded]")&&import("./widget.js");
