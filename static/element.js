// <postern-uploader> lays an uploader over the server-made form inside it.
// It adds, after the form's own controls:
//
// <ul class="postern-files">
//  <li class="postern-file" data-state="chosen|refused|waiting|preparing|sending|paused|offline|
//      retrying|confirming|done|failed|interrupted">
//   <span class="postern-thumb" data-ext="MP4" aria-hidden="true"><img alt=""></span>
//   <bdi class="postern-name" title="whole name"><span>start of na</span><span>me.mp4</span></bdi>  (first span may be cut)
//   <span class="postern-size">3.1 MB</span>
//   <progress class="postern-bar" max="1" value="0.43"></progress>    (hidden where it says nothing)
//   <span class="postern-status">43 %, 3.1 MB/s, about 2 minutes</span> <small class="postern-code">code</small>
//   <button type="button" class="postern-act" data-do="pause|resume|now|retry|choose">…</button>
//   <button type="button" class="postern-act" data-do="remove|cancel|discard">…</button>   (either may be hidden)
//  </li>
// </ul>
// <div class="postern-total" hidden><progress class="postern-bar"></progress><span class="postern-status">…</span></div>
// <p class="postern-live postern-unseen" role="status"></p>
// <p class="postern-droptext"> beside the file control: "or drop files here, or paste them"
// <button type="button" class="postern-folder" data-do="folder"> and, on touch screens, data-do="camera"
//
// Attributes of the element that reflect state: ready, busy, full, count="3", dragging="accepts|refuses",
// state="resting|sending|attention|done"; disabled and readonly are read.
export class Uploader extends HTMLElement {}
