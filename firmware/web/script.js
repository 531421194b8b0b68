'use strict';
// The page of AT+WEBSERVER: choose a network, watch the join, send new firmware.
// The module may fall silent for seconds when its radio changes the channel: every request is
// repeated until it is answered.
const $ = id => document.getElementById(id);
const POLL_MS = 700, SILENCE_MS = 8000, TRIES = 40;
const REASONS = {
  password: ['Wrong password', s => `“${s}” did not accept the password. Check it and try again.`],
  absent: ['Network not found', s => `There is no “${s}” in reach. Move the module closer, or check the name.`],
  address: ['No address', s => `“${s}” let the module in, but gave it no address. Check the router’s DHCP server.`],
  time: ['No answer', s => `“${s}” did not answer in time. Move the module closer and try again.`],
  refused: ['Refused', s => `“${s}” refused the module. Its security may be of a kind that the module lacks.`],
  ended: ['Interrupted', s => `Joining “${s}” was interrupted by the module’s host.`],
};
let chosen = {ssid: '', open: false}, joined = '';

const sleep = ms => new Promise(done => setTimeout(done, ms));

function show(id) {
  for (const part of ['choose', 'join', 'progress', 'done', 'failed']) $(part).hidden = part !== id;
}

function tell(id, text) {
  $(id).textContent = text;
  $(id).hidden = !text;
}

// One request; throws what the module says is wrong, or 'silent' when it says nothing.
async function once(path, body) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), SILENCE_MS);
  const options = {headers: {'X-Requested-With': 'page'}, signal: abort.signal, cache: 'no-store'};
  if (body) {
    options.method = 'POST';
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  let answer, value;
  try {
    answer = await fetch(path, options);
    value = await answer.json();
  } catch (error) {
    throw Object.assign(new Error('The module does not answer.'), {silent: true});
  } finally {
    clearTimeout(timer);
  }
  if (!answer.ok) throw new Error(sentence(value.error || 'The module refused.'));
  return value;
}

async function ask(path, body) {
  for (let number = 1; ; number++) {
    try {
      const value = await once(path, body);
      $('offline').hidden = true;
      return value;
    } catch (error) {
      if (!error.silent || number >= TRIES) throw error;
      if (number > 1) $('offline').hidden = false;
      await sleep(1000);
    }
  }
}

// Networks.

function icon(name, classes) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', '#' + name);
  svg.setAttribute('class', classes);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

function entry({ssid, rssi, auth_mode}) {
  const open = auth_mode === 0 || auth_mode === 9, enterprise = [5, 10, 14, 15].includes(auth_mode);
  const bars = rssi >= -60 ? 3 : rssi >= -75 ? 2 : 1;
  const item = document.createElement('li'), button = document.createElement('button');
  const name = document.createElement('span');
  name.className = 'ssid';
  name.textContent = ssid;
  button.type = 'button';
  button.append(icon('wave', 'wave s' + bars), name);
  if (ssid === joined) {
    const tag = document.createElement('span');
    tag.className = 'tag';
    tag.textContent = 'in use';
    button.append(tag);
  }
  if (!open) button.append(icon('lock', 'lock'));
  button.setAttribute('aria-label', `${ssid}, ${open ? 'open' : 'with a password'}, ` +
    ['weak', 'fair', 'strong'][bars - 1] + ' signal' + (ssid === joined ? ', in use' : ''));
  button.onclick = () => enterprise
    ? tell('scan-problem', `“${ssid}” wants a user name (WPA-Enterprise). This page cannot join it; the device that the module is built into can.`)
    : fill(ssid, open);
  item.append(button);
  return item;
}

function placeholders(className, texts) {
  $('list').replaceChildren(...texts.map(text => {
    const item = document.createElement('li');
    item.className = className;
    item.textContent = text;
    return item;
  }));
}

async function scan() {
  tell('scan-problem', '');
  $('scan').disabled = true;
  $('list').setAttribute('aria-busy', 'true');
  placeholders('wait', ['', '', '']);
  try {
    const {aplist} = await ask('/getaprecord');
    if (aplist.length) $('list').replaceChildren(...aplist.map(entry));
    else placeholders('none', ['No network in reach.']);
  } catch (error) {
    placeholders('none', ['No list of networks.']);
    tell('scan-problem', error.message);
  }
  $('list').setAttribute('aria-busy', 'false');
  $('scan').disabled = false;
}

// Joining.

function fill(ssid, open) {
  chosen = {ssid, open};
  $('join-title').textContent = ssid ? `Join “${ssid}”` : 'Join another network';
  $('ssid-field').hidden = ssid !== '';
  $('password-field').hidden = open;
  $('ssid').value = ssid;
  $('password').value = '';
  tell('join-problem', '');
  reveal(false);
  show('join');
  (ssid ? open ? $('join').querySelector('.main') : $('password') : $('ssid')).focus();
}

function reveal(on) {
  $('password').type = on ? 'text' : 'password';
  $('show').textContent = on ? 'Hide' : 'Show';
  $('show').setAttribute('aria-pressed', on);
}

function fault(ssid, password) {
  const size = text => new TextEncoder().encode(text).length;
  if (!ssid) return ['ssid', 'The network needs a name.'];
  if (size(ssid) > 32) return ['ssid', 'The name is too long.'];
  if (size(password) > 63) return ['password', 'The password is too long.'];
  if (chosen.ssid && !chosen.open && !password) return ['password', 'This network wants a password.'];
  if (password && password.length !== 5 && size(password) < 8)
    return ['password', 'A password has at least 8 characters.'];
}

async function join(event) {
  event.preventDefault();
  const ssid = $('ssid').value, password = chosen.open ? '' : $('password').value;
  const wrong = fault(ssid, password);
  for (const id of ['ssid', 'password']) $(id).setAttribute('aria-invalid', wrong ? wrong[0] === id : false);
  tell('join-problem', wrong ? wrong[1] : '');
  if (wrong) return $(wrong[0]).focus();
  try {
    await once('/setstainfo', {ssid, password});
  } catch (error) {
    if (!error.silent) return tell('join-problem', error.message);
  }
  watch(ssid);
}

function step(hasLink) {
  $('step-find').className = hasLink ? 'off' : 'on';
  $('step-address').className = hasLink ? 'on' : '';
}

async function watch(ssid) {
  $('progress-title').textContent = `Connecting to “${ssid}”`;
  $('now').textContent = 'Connecting…';
  step(false);
  show('progress');
  try {
    for (;;) {
      const news = await ask('/getstainfo');
      if (news.state === 1) return await succeed(news);
      status(news.joined, news.ip);
      if (news.state === 2) return fail(ssid, news.reason);
      if (news.message !== 'connecting') return news.joined === ssid ? await succeed(news) : fail(ssid, 'ended');
      $('now').textContent = 'Connecting…';
      step(news.has_link);
      await sleep(POLL_MS);
    }
  } catch (error) {
    fail(ssid, '', error.message);
  }
}

async function succeed({ip, sta_ssid}) {
  joined = sta_ssid;
  status(sta_ssid, ip);
  $('done-text').textContent = `The module is in “${sta_ssid}”.`;
  $('done-ip').textContent = ip;
  show('done');
  $('done').focus();
  await ask('/getresult', {received: 1}).catch(() => {});
}

function fail(ssid, reason, text) {
  const [title, describe] = REASONS[reason] || ['Not connected', () => text || 'The module does not say why.'];
  $('failed-title').textContent = title;
  $('failed-text').textContent = describe(ssid);
  show('failed');
  $('failed').focus();
}

function status(ssid, ip) {
  $('now').textContent = ssid ? `In “${ssid}” as ${ip}` : 'Not in a network yet';
}

function choose() {
  show('choose');
  scan();
}

// Updates.

async function about() {
  try {
    const info = await ask('/getotainfo');
    $('name').textContent = info.name;
    document.title = `${info.name} set-up`;
    $('fw').textContent = info.fw_version;
    $('core').textContent = info.at_core_version;
    $('partition').replaceChildren(...info.partitions.map(name => new Option(name === 'ota' ? 'ota – the firmware' : name, name)));
  } catch (error) {
    $('offline').hidden = false;
  }
}

function picked() {
  const file = $('file').files[0];
  $('file-name').textContent = file ? file.name : 'Choose a file';
  $('file-size').textContent = file ? `${Math.ceil(file.size / 1024)} KB` : '';
  $('upload').disabled = !file;
  $('unchecked').hidden = $('partition').value === 'ota';
  $('kept').hidden = $('partition').value !== 'ota';
  result();
}

function result(good, title, text) {
  const box = $('update-result'), head = document.createElement('b');
  head.textContent = title;
  box.className = good ? 'result good' : 'result';
  box.replaceChildren(head, text || '');
  box.hidden = !title;
}

// What is plainly no firmware need not travel: magic number, chip, and the flag of its checksum.
async function look(file) {
  if (!file.name.toLowerCase().endsWith('.bin')) return 'The name of the file must end in .bin.';
  if (!file.size) return 'The file is empty.';
  if ($('partition').value !== 'ota') return;
  const head = new Uint8Array(await file.slice(0, 24).arrayBuffer());
  if (head.length < 24 || head[0] !== 0xE9) return 'This is no firmware image.';
  if (head[12] + 256 * head[13] !== 2) return 'This firmware is for another chip.';
}

function send(file) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/setotadata');
    request.setRequestHeader('X-Requested-With', 'page');
    request.setRequestHeader('Object', $('partition').value);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.onprogress = event => progress(event.loaded, event.total);
    request.upload.onload = () => { $('bar-text').textContent = 'Checking…'; };
    request.onerror = () => failed(new Error('The connection broke off. Try again.'));
    request.onload = () => {
      let value = {};
      try { value = JSON.parse(request.responseText); } catch (error) { /* no words, only a status */ }
      request.status === 200 ? done() : failed(new Error(value.error || 'The module refused the file.'));
    };
    request.send(file);
  });
}

function progress(sent, total) {
  const percent = Math.floor(100 * sent / total);
  $('bar').value = percent;
  $('bar-percent').textContent = `${percent} %`;
}

async function upload(event) {
  event.preventDefault();
  const file = $('file').files[0];
  if (!file) return;
  result();
  const wrong = await look(file);
  if (wrong) return result(false, 'Not sent', wrong);
  for (const id of ['upload', 'file', 'partition']) $(id).disabled = true;
  $('bar-text').textContent = 'Sending…';
  progress(0, 1);
  $('bar-field').hidden = false;
  try {
    await send(file);
    $('bar-text').textContent = 'Done';
    $('kept').hidden = true;
    result(true, 'Upgrade succeeded', $('partition').value === 'ota' ? 'The new firmware runs after the next restart of the module.' : 'The data is in place.');
  } catch (error) {
    $('bar-field').hidden = true;
    result(false, 'Upgrade failed', sentence(error.message) + ($('partition').value === 'ota'
      ? ' The old firmware is still in use.' : ' The partition may be incomplete.'));
  }
  for (const id of ['upload', 'file', 'partition']) $(id).disabled = false;
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, '.');
}

// The two tabs.

function tab(name) {
  for (const each of ['wifi', 'firmware']) {
    $(each).hidden = each !== name;
    $('tab-' + each).setAttribute('aria-selected', each === name);
    $('tab-' + each).tabIndex = each === name ? 0 : -1;
  }
}

for (const name of ['wifi', 'firmware']) {
  $('tab-' + name).onclick = () => tab(name);
  $('tab-' + name).onkeydown = event => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = name === 'wifi' ? 'firmware' : 'wifi';
    tab(other);
    $('tab-' + other).focus();
  };
}
$('scan').onclick = scan;
$('other').onclick = () => fill('', false);
$('back').onclick = $('failed-back').onclick = $('again').onclick = choose;
$('retry').onclick = () => { const {ssid, open} = chosen; fill(ssid, open); };
$('show').onclick = () => reveal($('password').type === 'password');
$('join').onsubmit = join;
$('file').onchange = $('partition').onchange = picked;
$('update').onsubmit = upload;

(async () => {
  await about();
  try {
    const news = await ask('/getstainfo');
    joined = news.joined;
    status(joined, news.ip);
    if (news.message === 'connecting') return watch(news.sta_ssid);
  } catch (error) {
    $('offline').hidden = false;
  }
  scan();
})();
