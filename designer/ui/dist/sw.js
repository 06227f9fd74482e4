// Keeps the application's own files; what the services say is never kept.
const CACHE = "fogflow-31bdf1ac";
const FILES = ["/assets/AttributeRows-Bl0zH5bG.js","/assets/Editor-8eNyrZO3.js","/assets/EntityCreate-CSz-0fgW.js","/assets/GraphView-CSmPojRz.js","/assets/GraphView-Dx7ty3Z9.css","/assets/PlaceMap-BK1SEWH1.js","/assets/PlacePicker-DCQtDNnp.css","/assets/PlacePicker-ju7Y21hO.js","/assets/Value-Bg6ufM37.css","/assets/Value-D7G-5Y1o.js","/assets/WorldMap-D4-vuzlN.css","/assets/WorldMap-DYTyZ_q5.js","/assets/actions-B3KMLrBe.js","/assets/clipboard-B0xlR-6d.js","/assets/clock-hniNy0O1.js","/assets/context-BKdsnv48.js","/assets/context-CN2likab.css","/assets/dagre.esm-DLXAUmit.js","/assets/depth-DAqePpV9.js","/assets/designboard-DnJEHb81.js","/assets/devices-BOMb8UQO.js","/assets/devices-CFx_t9Td.css","/assets/esm-Cd7zzZIz.js","/assets/esm-DsCpd0M2.js","/assets/functions-C7p7L8hW.js","/assets/functions-DEItDT8J.css","/assets/geometry-Bcfv5YeT.js","/assets/guide-B_KEAhBe.css","/assets/guide-_gotwhQi.js","/assets/history-lB-6Emmq.js","/assets/index-nCLHma9t.js","/assets/index-voZ20sSr.css","/assets/intents-CWzhe_25.js","/assets/intents-uFX4EVCX.css","/assets/layers-2x-Bpkbi35X.png","/assets/layers-BWBAp2CZ.png","/assets/links-DGMwAddv.js","/assets/map-CrqOzh3j.js","/assets/map-RoCeb_28.css","/assets/map-Z2sAEpgM.js","/assets/marker-icon-hN30_KVU.png","/assets/operators-JM1E_2dH.js","/assets/overview-D5mKlmZU.js","/assets/overview-DsIpl-PP.css","/assets/place-BUXxmn2N.js","/assets/react-sySUN5R7.js","/assets/running-CGQHBz5i.js","/assets/running-paK_prAs.css","/assets/scope-DBKZvrm7.js","/assets/shallow-bE1hNklq.js","/assets/simulator-CoHV5983.js","/assets/sparkline-CrZvxaW2.css","/assets/sparkline-aqCk1wmy.js","/assets/topologies-CZoPpSY-.js","/assets/topologies-D5G6iHnR.css","/assets/usage-BYeR-Ai7.js","/assets/usage-Dtqe-1bj.css","/assets/useAction-DI7_kVZ6.js","/assets/useKept-DQ35skL0.js","/assets/values-c4kJOG_6.js","/assets/virtual-table-B8IYPIi6.css","/assets/virtual-table-DL5jAApU.js","/assets/world-BNu6ghwb.json","/favicon.svg","/index.html","/manifest.webmanifest"];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("fogflow-") && name !== CACHE;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(freshOrKept(event.request));
  else if (FILES.includes(url.pathname)) event.respondWith(kept(event.request));
});

/** The page comes from the designer while it answers, so that a new version shows at once. */
async function freshOrKept(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match("/index.html")) ?? Response.error();
  }
}

async function kept(request) {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}
