"use strict";

const EVERY_MS = 2000;
const SHOWN_ROWS = 200;
const $ = (id) => document.getElementById(id);

/** Builds an element; text always goes in as text, never as markup. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

async function read(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

const shown = new Map();

/** Draws a part of the page only when what it shows has changed, so that a selection in it survives. */
function draw(id, data, build) {
  const text = JSON.stringify(data);
  if (shown.get(id) === text) return;
  shown.set(id, text);
  $(id).replaceChildren(...build());
}

function table(labels, rows) {
  const head = h("thead", null, h("tr", null, ...labels.map((label) => h("th", { scope: "col" }, label))));
  const cells = (row) => row.map((cell, index) => {
    const attributes = { "data-label": labels[index] };
    return h("td", attributes, h("span", null, cell));
  });
  const body = rows.slice(0, SHOWN_ROWS).map((row) => h("tr", null, ...cells(row)));
  const parts = [h("table", { class: labels.length > 2 ? "stack" : "pair" }, head, h("tbody", null, ...body))];
  if (rows.length > SHOWN_ROWS) parts.push(h("p", { class: "more" }, `and ${rows.length - SHOWN_ROWS} more`));
  return parts;
}

function empty(text, command) {
  const parts = [h("p", { class: "empty" }, text)];
  if (command) {
    const button = h("button", { type: "button" }, "Copy");
    button.addEventListener("click", () => copy(command, button));
    parts.push(h("div", { class: "command" }, h("pre", { tabindex: "0" }, command), button));
  }
  return parts;
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    const selection = getSelection();
    selection.selectAllChildren(button.previousSibling);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

const GOOD = ["running", "ready"];
const BAD = ["failed", "away", "refused"];
const mood = (state) => (GOOD.includes(state) ? "good" : BAD.includes(state) ? "bad" : "wait");
const chip = (state) => h("span", { class: `chip ${mood(state)}` }, h("i", { class: "dot" }), state);
const id = (text) => h("span", { class: "id" }, text);
const place = (point) => (point ? `${point.latitude.toFixed(3)}, ${point.longitude.toFixed(3)}` : "not said");
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const site = (name) => name.replace(/^(Worker|Broker|Master)\./, "");

function load(used, capacity) {
  const share = capacity > 0 ? Math.min(1, used / capacity) : 0;
  const fill = h("i");
  fill.style.width = `${share * 100}%`;
  return h("span", null, `${used} of ${capacity}`, h("span", { class: share >= 1 ? "bar full" : "bar" }, fill));
}

function services(list) {
  draw("services", list, () => list.map((service) => {
    const reason = typeof service.reason === "string" ? service.reason
      : Object.entries(service.reason || {}).map(([name, why]) => `${name}: ${why}`).join(", ");
    return h("div", { class: "service" },
      h("strong", null, h("i", { class: `dot ${mood(service.state)}` }), service.name),
      service.url ? h("div", { class: "id" }, service.url) : null,
      h("p", null, reason ? `${service.state} — ${reason}` : service.state));
  }));
}

function tasks(list, intents) {
  $("n-tasks").textContent = list.length ? plural(list.length, "instance") : "";
  draw("tasks", [list, intents.length > 0], () => {
    if (list.length) {
      const sorted = [...list].sort((a, b) => (mood(a.Status) === "bad" ? 0 : 1) - (mood(b.Status) === "bad" ? 0 : 1) || a.ID.localeCompare(b.ID));
      return table(["Task", "Instance", "Worker", "State"], sorted.map((task) => [
        h("span", null, task.TaskName, h("span", { class: "soft" }, ` of ${task.TopologyName}`)),
        id(task.ID), task.Worker ? id(site(task.Worker)) : h("span", { class: "soft" }, "waits"),
        h("span", null, chip(task.Status), task.Reason ? h("span", { class: "soft" }, ` ${task.Reason}`) : null),
      ]));
    }
    if (intents.length) return empty("There are intents, but none of their inputs is there yet. Send one:", updateCommand());
    return empty("Nothing runs. A task starts when there is an intent and an entity of its input type.");
  });
}

function updateCommand() {
  return `curl -s ${location.origin}/ngsi10/updateContext -H 'Content-Type: application/json' -d '{"updateAction":"UPDATE","contextElements":[{"entityId":{"id":"PowerPanel.1","type":"PowerPanel","isPattern":false},"attributes":[{"name":"usage","type":"integer","value":42}],"domainMetadata":[{"name":"location","type":"point","value":{"latitude":49.41,"longitude":8.69}}]}]}'`;
}

function intentCommand(topologies) {
  if (topologies.length) return `curl -s ${location.origin}/intent -H 'Content-Type: application/json' -d '{"topology":"${topologies[0].name}","geoscope":{"scopeType":"global","scopeValue":"global"}}'`;
  return `curl -s ${location.origin}/operator -H 'Content-Type: application/json' -d '[{"name":"echo","functionCode":"exports.handler = function (entity, publish) { publish({attributes: entity.attributes}); };"}]'
curl -s ${location.origin}/fogfunction -H 'Content-Type: application/json' -d '[{"name":"echo","topology":{"tasks":[{"name":"echo","operator":"echo","input_streams":[{"selected_type":"PowerPanel","selected_attributes":["all"],"groupby":"EntityID","scoped":false}],"output_streams":[{"entity_type":"Echo"}]}]}}]'`;
}

function workers(list) {
  $("n-workers").textContent = list.length ? `${list.length}` : "";
  draw("workers", list, () => {
    if (!list.length) return empty("No worker has joined. Start one where the data is:", "fogflow worker -f config.json");
    return table(["Site", "Place", "Runs", "Load"], list.map((worker) => [
      id(site(worker.id)), place(worker.location),
      (worker.engines || []).join(", ") || `${worker.os || "?"}/${worker.hardware || "?"}`, load(worker.workload || 0, worker.capacity || 0),
    ]));
  });
}

function types(list) {
  const total = list.reduce((sum, type) => sum + (type.entities || 0), 0);
  $("n-types").textContent = list.length ? `${total} in ${plural(list.length, "type")}` : "";
  draw("types", list, () => {
    if (!list.length) return empty("No entity is known. Send the first one:", updateCommand());
    const most = Math.max(1, ...list.map((type) => type.entities || 0));
    const sorted = [...list].sort((a, b) => (b.entities || 0) - (a.entities || 0) || a.type.localeCompare(b.type));
    return table(["Type", "Entities"], sorted.map((type) => {
      const fill = h("i");
      fill.style.width = `${((type.entities || 0) / most) * 100}%`;
      return [id(type.type || "(none)"), h("span", null, type.entities === undefined ? "many" : `${type.entities}`, h("span", { class: "bar" }, fill))];
    }));
  });
}

function intentList(list, topologies) {
  $("n-intents").textContent = list.length ? `${list.length}` : "";
  draw("intents", [list, topologies.map((topology) => topology.name)], () => {
    if (!list.length) {
      const text = topologies.length ? "Nothing is wanted yet. State an intent on a topology:" : "Nothing is wanted yet. Register an operator and a fog function:";
      return empty(text, intentCommand(topologies));
    }
    return table(["Topology", "Intent", "Where"], list.map((intent) => [
      intent.topology, id(intent.id), (intent.geoscope && intent.geoscope.scopeType) || "global",
    ]));
  });
}

function brokers(list) {
  $("n-brokers").textContent = list.length ? `${list.length}` : "";
  draw("brokers", list.map((broker) => [broker.id, broker.myURL]), () => {
    if (!list.length) return empty("No broker has reported to discovery. Start one:", "fogflow broker -f config.json");
    return table(["Site", "Address"], list.map((broker) => [id(site(broker.id)), id(broker.myURL)]));
  });
}

function tiles(data) {
  const failed = data.tasks.filter((task) => task.Status === "failed").length;
  const figures = [
    ["Workers", data.workers.length],
    ["Running", data.tasks.filter((task) => task.Status === "running").length],
    ["Failed", failed],
    ["Intents", data.intents.length],
    ["Entities", data.types.reduce((sum, type) => sum + (type.entities || 0), 0)],
  ];
  draw("tiles", figures, () => figures.map(([name, figure]) => {
    const attributes = { class: name === "Failed" && figure > 0 ? "tile bad" : "tile" };
    return h("div", attributes, h("b", null, `${figure}`), h("span", null, name));
  }));
}

async function refresh() {
  const [serviceList, taskList, workerList, typeList, brokerList, intentMap, functionMap, topologies] = await Promise.all(
    ["info/service", "info/task", "info/worker", "info/type?counts=true", "info/broker", "intent", "fogfunction", "topology"].map(read));
  const ofFunctions = Object.values(functionMap).filter((fun) => fun.status !== "disabled").map((fun) => fun.intent);
  const intents = [...Object.values(intentMap), ...ofFunctions];
  tiles({ tasks: taskList, workers: workerList, intents, types: typeList });
  services(serviceList);
  tasks(taskList, intents);
  workers(workerList);
  types(typeList);
  intentList(intents, topologies);
  brokers(brokerList);
}

function say(kind, text) {
  $("live").className = `live ${kind}`;
  $("live").lastElementChild.textContent = text;
}

async function loop() {
  if (!document.hidden) {
    try {
      await refresh();
      say("on", `live · ${new Date().toLocaleTimeString()}`);
    } catch (error) {
      say("off", `no answer · ${error.message}`);
    }
  }
  setTimeout(loop, EVERY_MS);
}

function themes() {
  const root = document.documentElement;
  const remembered = localStorage.getItem("theme");
  if (remembered) root.dataset.theme = remembered;
  $("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

themes();
loop();
