// The page of a simulated module: asks for its state again and again, shows it, sends acts.
"use strict";

const EVERY_MS = 500;
const PLOT_POINTS = 240; // two minutes
const $ = id => document.getElementById(id);
const heard = { log: 0, port: 0 };
const used = []; // bytes of the heap, oldest first
const acting = queue(), showing = queue(), sending = queue();

// Each starts when the one before it has ended: requests of their own connections overtake.
function queue() {
  let last = Promise.resolve();
  return task => {
    const result = last.then(task);
    last = result.catch(() => {});
    return result;
  };
}

function make(tag, fields = {}, ...children) {
  const element = Object.assign(document.createElement(tag), fields);
  element.append(...children);
  return element;
}

async function ask(path, body) {
  const how = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await (await fetch(path, how)).json();
  if (answer.error) throw new Error(answer.error);
  return answer;
}

function complain(error) {
  $("problem").hidden = !error;
  $("problem").textContent = error ? error.message || String(error) : "";
}

async function act(command) {
  try {
    const answer = await acting(() => ask("act", command));
    complain(null);
    await showing(refresh);
    return answer;
  } catch (error) {
    complain(error);
    throw error;
  }
}

const quietly = command => act(command).catch(() => {});

function facts(list, rows) {
  list.replaceChildren(...rows.flatMap(([name, value]) => [
    make("dt", { textContent: name }), make("dd", { textContent: value }),
  ]));
}

// Rows that hold a control are kept, so that a slider is not torn from the hand that moves it.
function rows(place, names, create, update) {
  const known = new Map([...place.children].map(row => [row.dataset.name, row]));
  for (const [name, row] of known) if (!names.includes(name)) row.remove();
  for (const name of names) {
    let row = known.get(name);
    if (!row) {
      row = create(name);
      row.dataset.name = name;
      place.append(row);
    }
    update(row, name);
  }
}

function slider(name, low, high, change) {
  const label = make("span", { textContent: name });
  const range = make("input", { type: "range", min: low, max: high, ariaLabel: name });
  const value = make("span", { className: "value" });
  range.addEventListener("input", () => { value.textContent = range.value; });
  range.addEventListener("change", () => change(Number(range.value)));
  return make("div", { className: "row" }, label, range, value);
}

function place(row, number, unit) {
  const range = row.querySelector("input");
  if (document.activeElement !== range) {
    range.value = number;
    row.querySelector(".value").textContent = `${number} ${unit}`;
  }
}

function showModule(status) {
  const state = !status.pid ? "asleep or without power" : status.ready ? "ready" : "starting";
  $("headline").textContent = `${state}, last start: ${status.reset || "-"}`;
  const uart = status.uart;
  facts($("facts"), [
    ["State", state],
    ["Starts again", `${status.restarts} times, ${status.crashes} of them crashes`],
    ["Line", uart.baud ? `${uart.baud} baud, ${uart.bits} bits, flow control ${uart.flow}` : "not open yet"],
    ["Port", status.tcp ? `${status.link}, ${status.tcp}` : status.link],
    ["Awake pins", status.awake_pins.join(", ") || "none"],
    ["Flash", `${status.flash_writes} operations`],
    ["MAC", status.mac],
  ]);
}

function showRadio({ wifi, world }) {
  const near = world.aps.find(ap => ap.bssid === wifi.ap);
  facts($("wifi"), [
    ["Radio", wifi.running ? [wifi.station && "station", wifi.softap && "softAP"].filter(Boolean).join(" and ") || "on" : "off"],
    ["Joined", near ? `${near.ssid} (${near.bssid})` : "no"],
    ["Address", wifi.ip],
  ]);
  rows($("aps"), world.aps.map(ap => ap.bssid), bssid => {
    const ap = world.aps.find(each => each.bssid === bssid);
    const row = slider(`${ap.ssid}, dBm`, -100, -20, rssi => quietly({ do: "ap_rssi", ssid: ap.ssid, bssid, rssi }));
    row.classList.add("ap");
    const toggle = make("button", { className: "plain" });
    toggle.addEventListener("click", () => quietly({ do: toggle.dataset.act, ssid: ap.ssid, bssid }));
    row.append(toggle);
    return row;
  }, (row, bssid) => {
    const ap = world.aps.find(each => each.bssid === bssid);
    const toggle = row.querySelector("button");
    place(row, ap.rssi, "dBm");
    toggle.dataset.act = ap.up ? "ap_down" : "ap_up";
    toggle.textContent = ap.up ? `Lose ${ap.ssid}` : `Regain ${ap.ssid}`;
  });
  rows($("stations"), wifi.guests, mac => {
    const leave = make("button", { className: "plain", textContent: "Let it leave" });
    leave.addEventListener("click", () => quietly({ do: "station_leave", mac }));
    return make("li", { className: "row" }, make("span", { textContent: mac }), make("span"), leave);
  }, () => {});
}

function showSockets(sockets) {
  const cells = row => ["kind", "local", "remote", "state"].map(key => make("td", { textContent: row[key] }));
  const none = make("tr", {}, make("td", { colSpan: 4, textContent: "none" }));
  $("sockets").replaceChildren(...(sockets.length ? sockets.map(row => make("tr", {}, ...cells(row))) : [none]));
}

function drawing(kind, fields) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(fields)) element.setAttribute(name, value);
  return element;
}

function showHeap(heap) {
  if (!heap.size) {
    $("heap").textContent = "not told yet";
    return;
  }
  used.push(heap.used);
  used.splice(0, used.length - PLOT_POINTS);
  $("heap").textContent = `${heap.used} of ${heap.size} bytes used by Python, ${heap.system_free} of the system heap free`;
  const y = bytes => 85 - 75 * bytes / heap.size;
  const points = used.map((bytes, i) => `${300 - (used.length - 1 - i) * 300 / (PLOT_POINTS - 1)},${y(bytes)}`);
  $("plot").replaceChildren(
    drawing("line", { class: "limit", x1: 0, x2: 300, y1: y(heap.size), y2: y(heap.size) }),
    drawing("polyline", { class: "stroke", points: points.join(" ") }));
}

function wave(text) {
  const found = /^(\d+) Hz (\d+)\/(\d+)/.exec(text);
  const share = found ? found[2] / found[3] : 0;
  let path = "M0 18";
  for (let period = 0; period < 6; period++) {
    const x = period * 20;
    if (share > 0) path += ` L${x} 2 L${x + 20 * share} 2`;
    if (share < 1) path += ` L${x + 20 * share} 18 L${x + 20} 18`;
  }
  const svg = drawing("svg", { class: "wave", viewBox: "0 0 120 20", preserveAspectRatio: "none" });
  svg.append(drawing("path", { class: "stroke", d: path }));
  return svg;
}

function showPins({ pins, world }) {
  const plain = Object.entries(pins).filter(([pin]) => !(pin in world.waves));
  const lines = plain.map(([pin, state]) => make("div", { className: "row" },
    make("span", { textContent: `GPIO${pin}` }),
    make("span", { textContent: state.mode & 2 ? `driven ${state.level ? "high" : "low"}` : "input" }),
    make("span", { textContent: state.hold ? "held" : "" })));
  for (const [pin, text] of Object.entries(world.waves)) {
    lines.push(make("div", { className: "row" }, make("span", { textContent: `GPIO${pin}` }), wave(text), make("span", { textContent: text })));
  }
  $("pins").replaceChildren(...(lines.length ? lines : [make("p", { className: "hint", textContent: "The module drives none." })]));
  rows($("inputs"), Object.keys(world.inputs), pin => {
    const toggle = make("button", { className: "plain" });
    toggle.addEventListener("click", () => quietly({ do: "gpio", pin: Number(pin), level: 1 - toggle.dataset.level }));
    return make("div", { className: "row" }, make("span", { textContent: `GPIO${pin}` }), make("span"), toggle);
  }, (row, pin) => {
    const toggle = row.querySelector("button");
    toggle.dataset.level = world.inputs[pin];
    toggle.textContent = world.inputs[pin] ? "Pull low" : "Pull high";
    row.children[1].textContent = world.inputs[pin] ? "high" : "low";
  });
  rows($("voltages"), Object.keys(world.adc),
    pin => slider(`GPIO${pin}, mV`, 0, 3300, mv => quietly({ do: "adc", pin: Number(pin), mv })),
    (row, pin) => place(row, world.adc[pin], "mV"));
}

function append(pre, text) {
  if (!text) return;
  const follows = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 40;
  pre.textContent = (pre.textContent + text.replaceAll("\r", "")).slice(-60000);
  if (follows) pre.scrollTop = pre.scrollHeight;
}

async function refresh() {
  const { status, sockets, log, port } = await ask(`state?log=${heard.log}&port=${heard.port}`);
  showModule(status);
  showRadio(status);
  showSockets(sockets);
  showHeap(status.heap);
  showPins(status);
  if (log.from === 0 && heard.log > 0) $("log").textContent = "";
  append($("log"), log.text);
  append($("said"), port.text);
  heard.log = log.at;
  heard.port = port.at;
  $("portnote").textContent = port.open
    ? "This page is at the port: what the module says goes to it or to another program that reads there."
    : "The first line that is sent opens the port. Close other programs at it before.";
}

async function run() {
  for (;;) {
    try {
      await showing(refresh);
      if ($("headline").dataset.lost) complain(null);
      delete $("headline").dataset.lost;
    } catch (error) {
      $("headline").textContent = "no answer";
      $("headline").dataset.lost = "1";
      complain(error);
    }
    await new Promise(resolve => setTimeout(resolve, EVERY_MS));
  }
}

function listen(acts) {
  for (const button of document.querySelectorAll("[data-act]")) {
    const command = { do: button.dataset.act };
    if (command.do === "power_cut_after_flash_writes") command.n = 0;
    button.addEventListener("click", () => quietly(command));
  }
  $("join").addEventListener("submit", event => {
    event.preventDefault();
    const { mac, password } = event.target.elements;
    quietly({ do: "station_join", mac: mac.value, ...(password.value && { password: password.value }) });
  });
  $("more").addEventListener("submit", event => {
    event.preventDefault();
    const pin = Number(event.target.elements.pin.value);
    quietly(event.submitter.value === "adc" ? { do: "adc", pin, mv: 0 } : { do: "gpio", pin, level: 0 });
  });
  $("send").addEventListener("submit", event => {
    event.preventDefault();
    const text = $("line").value + ($("end").checked ? "\r\n" : "");
    if (text) sending(() => ask("send", { text })).then(() => complain(null), complain);
    $("line").value = "";
  });
  const { name } = $("act").elements;
  name.append(...Object.keys(acts).map(each => make("option", { textContent: each })));
  name.addEventListener("change", () => fields(acts[name.value]));
  fields(acts[name.value]);
  $("act").addEventListener("submit", event => {
    event.preventDefault();
    const command = { do: name.value };
    for (const input of $("fields").querySelectorAll("input")) {
      if (input.value) command[input.name] = value(input.value, input.dataset.kind);
    }
    act(command).then(answer => { $("done").textContent = JSON.stringify(answer); }, () => { $("done").textContent = ""; });
  });
}

function fields([text, parameters]) {
  $("actnote").textContent = text;
  $("done").textContent = "";
  $("fields").replaceChildren(...parameters.map(([name, kind, meaning]) => {
    const input = make("input", { name, required: !kind.endsWith("?"), placeholder: kind });
    input.dataset.kind = kind.replace("?", "");
    return make("label", {}, `${name}: ${meaning}`, input);
  }));
}

function value(text, kind) {
  if (kind === "text") return text;
  if (kind === "list") return text.split(",");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

ask("acts").then(listen).then(run).catch(complain);
