// NGSI.js through the whole life of entities, subscriptions, registrations and histories. BROKER is the URL of a broker,
// NODE_PATH has the package.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

const NGSI = createRequire(import.meta.url)(`${process.env.NODE_PATH}/ngsijs`);
const broker = new NGSI.Connection(process.env.BROKER);
const received = [];
const receiver = http.createServer(async (request, answer) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  received.push(JSON.parse(Buffer.concat(parts).toString()));
  answer.writeHead(204).end();
});
let url;

before(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  url = `http://127.0.0.1:${receiver.address().port}/notify`;
});
after(() => receiver.close());

async function notification(subscription) {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = received.find((body) => body.subscriptionId === subscription);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no notification of ${subscription}`);
}

const v2 = { service: "ngsijs", servicepath: "/" };
const room = (temperature) => ({ id: "Room1", type: "Room", temperature: { type: "Number", value: temperature } });

test("entities of NGSIv2 live", async () => {
  assert.equal((await broker.v2.createEntity(room(20), v2)).entity.id, "Room1");
  await assert.rejects(broker.v2.createEntity(room(20), v2), NGSI.AlreadyExistsError);
  const listed = await broker.v2.listEntities({ ...v2, type: "Room", q: "temperature>10", count: true, keyValues: true });
  assert.deepEqual([listed.count, listed.results], [1, [{ id: "Room1", type: "Room", temperature: 20 }]]);
  await broker.v2.updateEntityAttributes({ id: "Room1", temperature: { type: "Number", value: 21 } }, v2);
  await broker.v2.appendEntityAttributes({ id: "Room1", name: { type: "Text", value: "hall" } }, v2);
  assert.equal((await broker.v2.getEntity({ ...v2, id: "Room1" })).entity.name.value, "hall");
  await broker.v2.replaceEntityAttributeValue({ ...v2, id: "Room1", attribute: "temperature", value: { mean: 22 } });
  const value = await broker.v2.getEntityAttributeValue({ ...v2, id: "Room1", attribute: "temperature" });
  assert.deepEqual(value.value, { mean: 22 });
  await broker.v2.deleteEntityAttribute({ ...v2, id: "Room1", attribute: "name" });
  const changes = { actionType: "append", entities: [{ id: "Room2", type: "Room", temperature: { value: 30 } }] };
  await broker.v2.batchUpdate(changes, v2);
  const found = await broker.v2.batchQuery({ entities: [{ idPattern: ".*", type: "Room" }] }, v2);
  assert.deepEqual(found.results.map((entity) => entity.temperature.value), [{ mean: 22 }, 30]);
  assert.equal((await broker.v2.getType({ ...v2, id: "Room" })).type.count, 2);
  for (const id of ["Room1", "Room2"]) await broker.v2.deleteEntity({ ...v2, id });
  await assert.rejects(broker.v2.getEntity({ ...v2, id: "Room1" }), NGSI.NotFoundError);
});

test("a subscription of NGSIv2 notifies", async () => {
  const wanted = {
    subject: { entities: [{ idPattern: ".*", type: "Room" }], condition: { expression: { q: "temperature>30" } } },
    notification: { http: { url }, attrs: ["temperature"] },
  };
  const { subscription } = await broker.v2.createSubscription(wanted, v2);
  await broker.v2.createEntity(room(35), v2);
  assert.equal((await notification(subscription.id)).data[0].temperature.value, 35);
  await broker.v2.updateSubscription({ id: subscription.id, description: "hot" }, v2);
  const kept = (await broker.v2.getSubscription({ ...v2, id: subscription.id })).subscription;
  assert.equal(kept.description, "hot");
  await broker.v2.deleteSubscription({ ...v2, id: subscription.id });
  assert.deepEqual((await broker.v2.listSubscriptions(v2)).results, []);
  await broker.v2.deleteEntity({ ...v2, id: "Room1" });
});

test("a registration of NGSIv2 is kept", async () => {
  const offer = {
    dataProvided: { entities: [{ id: "Far", type: "Room" }], attrs: ["temperature"] },
    provider: { http: { url: "http://127.0.0.1:9/v2" } },
  };
  const { registration } = await broker.v2.createRegistration(offer, v2);
  await broker.v2.updateRegistration({ id: registration.id, description: "far" }, v2);
  const kept = (await broker.v2.getRegistration({ ...v2, id: registration.id })).registration;
  assert.equal(kept.description, "far");
  await broker.v2.deleteRegistration({ ...v2, id: registration.id });
  assert.deepEqual((await broker.v2.listRegistrations(v2)).results, []);
});

const ld = { tenant: "ngsijs_ld" };
const car = (speed) => ({ id: "urn:ngsi-ld:Car:1", type: "Car", speed: { type: "Property", value: speed } });
const id = car(0).id;

test("entities of NGSI-LD live", async () => {
  assert.equal((await broker.ld.createEntity(car(50), ld)).entity.id, id);
  await assert.rejects(broker.ld.createEntity(car(50), ld), NGSI.AlreadyExistsError);
  const found = await broker.ld.queryEntities({ ...ld, type: "Car", q: "speed>40", count: true });
  assert.deepEqual([found.count, found.results.map((entity) => entity.id)], [1, [id]]);
  await broker.ld.updateEntityAttribute({ value: 51 }, { ...ld, id, attribute: "speed" });
  await broker.ld.appendEntityAttributes({ id, colour: { type: "Property", value: "red" } }, ld);
  await broker.ld.updateEntityAttributes({ id, colour: { type: "Property", value: "blue" } }, ld);
  const { entity } = await broker.ld.getEntity({ ...ld, id });
  assert.deepEqual([entity.speed.value, entity.colour.value], [51, "blue"]);
  assert.deepEqual((await broker.ld.listTypes(ld)).results.typeList, ["Car"]);
  await broker.ld.deleteEntityAttribute({ ...ld, id, attribute: "colour" });
  await broker.ld.deleteEntity({ ...ld, id });
  await assert.rejects(broker.ld.getEntity({ ...ld, id }), NGSI.NotFoundError);
});

test("a subscription of NGSI-LD notifies", async () => {
  const wanted = { type: "Subscription", entities: [{ type: "Car" }], notification: { endpoint: { uri: url } } };
  const { subscription } = await broker.ld.createSubscription({ id: "urn:ngsi-ld:Subscription:1", ...wanted }, ld);
  await broker.ld.createEntity(car(90), ld);
  assert.equal((await notification(subscription.id)).data[0].speed.value, 90);
  await broker.ld.updateSubscription({ id: subscription.id, description: "cars" }, ld);
  const kept = (await broker.ld.getSubscription({ ...ld, id: subscription.id })).subscription;
  assert.equal(kept.description, "cars");
  await broker.ld.deleteSubscription({ ...ld, id: subscription.id });
  assert.deepEqual((await broker.ld.listSubscriptions(ld)).results, []);
  await broker.ld.deleteEntity({ ...ld, id });
});

test("a history of NGSI-LD is asked", async () => {
  const past = { ...car(0), id: "urn:ngsi-ld:Car:past" };
  past.speed = [1, 2].map((value) => ({ type: "Property", value, observedAt: `2026-01-0${value}T00:00:00Z` }));
  await broker.ld.createTemporalEntity(past, ld);
  const more = { type: "Property", value: 3, observedAt: "2026-01-03T00:00:00Z" };
  await broker.ld.addTemporalEntityAttributes({ id: past.id, speed: [more] }, ld);
  const asked = { ...ld, type: "Car", id: past.id, timerel: "after", timeAt: "2026-01-01T12:00:00Z" };
  const found = await broker.ld.queryTemporalEntities(asked);
  assert.deepEqual(found.results[0].speed.map((instance) => instance.value), [2, 3]);
  await broker.ld.deleteTemporalEntity({ ...ld, id: past.id });
});
