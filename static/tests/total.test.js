import { Messages } from '../messages.js';
import { Total } from '../total.js';
import { catalog, equal, ok, test } from './harness.js';

/** A total of files with those states, and what it says. @param {string[]} states */
async function totalOf(states) {
  const element = document.createElement('postern-files');
  const totalNode = document.createElement('div');
  totalNode.innerHTML = '<progress></progress><span></span><span><button data-action="retry_all"></button><button data-action="clear_finished"></button></span>';
  const uploads = states.map((state) => ({ state, code: state === 'repeated' ? 'already_listed' : '', size: 1e7, sentBytes: state === 'done' ? 1e7 : 0, file: null }));
  const rows = new Map(uploads.map((upload) => [upload, { node: document.createElement('li') }]));
  const list = {
    element, totalNode, rows, messages: new Messages(await catalog(), 'en'), queue: { uploads, limit: Infinity, full: false, options: { emit() {} } },
    problems: [], repeated: [], moved: new Set(), filesNode: document.createElement('ul'), announce() {},
  };
  const total = new Total(/** @type {any} */ (list));
  const say = () => {
    total.update();
    return (totalNode.children[1].textContent ?? '').replace(/[\u2068\u2069]/g, '').replaceAll('\xa0', ' ');
  };
  const end = () => {
    for (const upload of uploads) if (/sending|offline/.test(upload.state)) upload.state = 'done';
    say();
  };
  return { say, uploads, totalNode, end };
}

test('the total hides nothing that needs the person', async () => {
  const done = Array(7).fill('done');
  for (const [states, text] of /** @type {[string[], string][]} */ ([
    [[...done, 'refused', 'failed'], '7 of 9 done, 2 need you'],
    [[...done, 'interrupted', 'repeated'], '7 of 8 done, 1 needs you'],
    [[...done, 'sending'], '7 of 8 done, 87%'],
    [[...done, 'failed', 'failed', 'sending'], '7 of 10 done, 2 need you, 70%'],
    [['done', 'paused'], '1 of 2 done'],
  ])) {
    const { say, totalNode, end } = await totalOf(states);
    equal(say(), text);
    equal([...totalNode.querySelectorAll('button')].map((button) => !button.hidden), [states.filter((state) => state === 'failed').length > 1, states.length > 2], text);
    end();
  }
});

test('while the network is away no speed is shown', async () => {
  const { say, uploads, end } = await totalOf(['done', 'sending']);
  const clock = performance.now;
  let now = 1000;
  performance.now = () => now;
  try {
    let text = '';
    for (let i = 0; i < 8; i++) {
      now += 1000;
      uploads[1].sentBytes += 1e6;
      text = say();
    }
    ok(/kB\/s/.test(text), `a speed while a file is sent, got ${text}`);
    uploads[1].state = 'offline';
    equal(say(), 'Waiting for the network, 1 of 2 done, 90%');
  } finally {
    end();
    performance.now = clock;
  }
});

test('the title says how far the files are, and is the page’s own again afterwards', async () => {
  document.title = 'Our page';
  const { say, uploads } = await totalOf(['done', 'sending']);
  say();
  equal(document.title.replaceAll('\xa0', ' '), '50% · Our page');
  document.title = 'Renamed by the page';
  uploads[1].sentBytes = 5e6;
  say();
  equal(document.title.replaceAll('\xa0', ' '), '75% · Renamed by the page');
  ok(!dispatchEvent(new Event('beforeunload', { cancelable: true })), 'the browser to ask before the page is left');
  uploads[1].state = 'done';
  say();
  equal(document.title, 'Renamed by the page');
  ok(dispatchEvent(new Event('beforeunload', { cancelable: true })), 'no question when nothing is on its way');
});
