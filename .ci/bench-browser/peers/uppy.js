// Uppy as its own documentation sets it up; the size from which it takes the multipart way can be lowered by the URL.
import Uppy from '@uppy/core';
import AwsS3 from '@uppy/aws-s3';

const from = Number(new URLSearchParams(location.search).get('multipart-from') ?? 0);
const uppy = new Uppy();
uppy.use(AwsS3, { companionEndpoint: '', ...(from && { shouldUseMultipart: (file) => file.size >= from }) });
uppy.on('complete', ({ failed }) => { window.finished = failed.length ? NaN : performance.now(); });
document.querySelector('input').onchange = ({ target }) => {
  window.began = performance.now();
  uppy.addFiles([...target.files].map((data) => ({ name: data.name, type: data.type, data })));
  uppy.upload();
};
