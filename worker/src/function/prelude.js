// What a function sees of the world. Nothing here waits: a call leaves an effect behind, the worker performs it and comes
// back with the answer. The worker calls in by `__fogflow`, which the function can neither change nor remove.
(function (write, globals) {
  "use strict";
  const effects = [];
  const callbacks = new Map();
  const { parse, stringify } = JSON;
  let serial = 0;
  let task;

  function text(value) {
    if (typeof value === "string") return value;
    if (value instanceof Error) return value.stack ? value + "\n" + value.stack : String(value);
    try {
      const json = stringify(value);
      return json === undefined ? String(value) : json;
    } catch (error) {
      return String(value);
    }
  }

  function logger(level) {
    return (...values) => write(level, values.map(text).join(" "));
  }

  function remember(callback) {
    serial += 1;
    callbacks.set(serial, callback);
    return serial;
  }

  function typeOf(value) {
    if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
    if (typeof value === "boolean" || typeof value === "string") return typeof value;
    return "object";
  }

  function named(members) {
    return Object.entries(members || {}).map(([name, member]) => {
      const whole = member !== null && typeof member === "object" && "value" in member;
      const value = whole ? member.value : member;
      const result = { name, type: (whole && member.type) || typeOf(value), value: value === undefined ? null : value };
      if (whole && Array.isArray(member.metadata)) result.metadata = member.metadata;
      return result;
    });
  }

  function byName(members) {
    const result = {};
    for (const { name, type, value } of members || []) result[name] = { type, value };
    return result;
  }

  // The form in which functions read and write entities.
  function contextObject(element) {
    return {
      entityId: element.entityId,
      attributes: byName(element.attributes),
      metadata: byName(element.domainMetadata),
    };
  }

  function publish(object) {
    if (object === null || typeof object !== "object") throw new TypeError("publish needs an entity");
    const { id, type } = object.entityId || {};
    effects.push({
      Publish: {
        entityId: { id: id || "", type: type || "", isPattern: false },
        attributes: named(object.attributes),
        domainMetadata: named(object.metadata),
      },
    });
  }

  function query(request, callback) {
    return new Promise((resolve, reject) => {
      const done = (error, elements) => {
        if (error !== null) {
          write("error", "query failed: " + error);
          return callback ? undefined : reject(new Error(error));
        }
        const objects = elements.map(contextObject);
        resolve(objects);
        if (callback) callback(objects);
      };
      effects.push({ Query: { id: remember(done), request: request || {} } });
    });
  }

  function subscribe(request) {
    effects.push({ Subscribe: request || {} });
  }

  function timer(callback, delay, again) {
    if (typeof callback !== "function") throw new TypeError("a timer needs a function");
    const id = remember(() => {
      if (again) arm();
      else callbacks.delete(id);
      callback();
    });
    const arm = () => effects.push({ Timer: { id, after_ms: Math.max(0, Number(delay) || 0) } });
    arm();
    return id;
  }

  globals.console = {
    log: logger("info"), info: logger("info"), debug: logger("debug"), warn: logger("warn"), error: logger("error"),
  };
  globals.exports = {};
  globals.module = { exports: globals.exports };
  globals.require = (name) => {
    throw new Error("require('" + name + "'): a function has no modules; use an operator in a container");
  };
  globals.setTimeout = (callback, delay) => timer(callback, delay, false);
  globals.setInterval = (callback, delay) => timer(callback, delay, true);
  globals.clearTimeout = globals.clearInterval = (id) => { callbacks.delete(id); };

  function handler() {
    const exported = globals.module.exports;
    return [exported, exported && exported.handler, globals.exports.handler].find((f) => typeof f === "function");
  }

  const bridge = {
    ready: () => handler() !== undefined,
    introduce: (id, outputs) => { task = { id, outputs: parse(outputs) }; },
    notify: (element) => handler()(contextObject(parse(element)), publish, query, subscribe, task),
    answer: (id, elements) => settle(id, null, parse(elements)),
    fail: (id, error) => settle(id, error, null),
    fire: (id) => { const callback = callbacks.get(id); if (callback) return callback(); },
    count: () => effects.length,
    // Effects so far, as JSON, and none left.
    drain: () => stringify(effects.splice(0)),
    forget: () => { effects.length = 0; },
  };

  function settle(id, error, elements) {
    const callback = callbacks.get(id);
    callbacks.delete(id);
    return callback ? callback(error, elements) : undefined;
  }

  Object.defineProperty(globals, "__fogflow", { value: Object.freeze(bridge) });
})
