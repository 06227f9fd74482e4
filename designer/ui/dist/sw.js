// Keeps the application's own files; what the services say is never kept.
const CACHE = "fogflow-2e78ac92";
const FILES = ["/assets/AttributeRows-BLdZS3Zs.js","/assets/Editor-ogAxVoy1.js","/assets/EntityCreate-BpyXZ-tL.js","/assets/GraphView-BjD8LhLL.js","/assets/GraphView-Dx7ty3Z9.css","/assets/PlaceMap-e7M096AM.js","/assets/PlacePicker-BeN3iBl5.js","/assets/PlacePicker-DCQtDNnp.css","/assets/Value-0e_NfrAp.js","/assets/Value-Bg6ufM37.css","/assets/WorldMap-B5aCXCuF.js","/assets/WorldMap-D4-vuzlN.css","/assets/actions-CL28lp3l.js","/assets/clipboard-B0xlR-6d.js","/assets/clock-BR_sKJfH.js","/assets/context-CN2likab.css","/assets/context-Dda3bLig.js","/assets/dagre.esm-DLXAUmit.js","/assets/depth-DAqePpV9.js","/assets/designboard-DnJEHb81.js","/assets/devices-1Sfe5_Ky.js","/assets/devices-CFx_t9Td.css","/assets/esm-Codv8jQR.js","/assets/esm-D26ia1Oa.js","/assets/functions-D6R7byrW.js","/assets/functions-DEItDT8J.css","/assets/geometry-Bcfv5YeT.js","/assets/guide-B_KEAhBe.css","/assets/guide-Dni_K9ol.js","/assets/history-BQEzFzUW.js","/assets/index-SEqVK5kx.js","/assets/index-voZ20sSr.css","/assets/intents-Cr0VZbCe.js","/assets/intents-uFX4EVCX.css","/assets/layers-2x-Bpkbi35X.png","/assets/layers-BWBAp2CZ.png","/assets/links-DJOKNsqh.js","/assets/map-Bon3dT97.js","/assets/map-CDixw8ez.js","/assets/map-RoCeb_28.css","/assets/marker-icon-hN30_KVU.png","/assets/operators-JJQ0Ye34.js","/assets/overview-C0HkSNxz.js","/assets/overview-DsIpl-PP.css","/assets/place-BUXxmn2N.js","/assets/react-sySUN5R7.js","/assets/running-BeEYHl94.js","/assets/running-paK_prAs.css","/assets/scope-DBKZvrm7.js","/assets/shallow-bE1hNklq.js","/assets/simulator-CrCyJB3B.js","/assets/sparkline-BzsQ_duQ.js","/assets/sparkline-CrZvxaW2.css","/assets/topologies-D5G6iHnR.css","/assets/topologies-Dzy6rIDw.js","/assets/usage-BEh3_NB-.js","/assets/usage-Dtqe-1bj.css","/assets/useAction-DCQ6qvOx.js","/assets/useKept-DQ35skL0.js","/assets/values-CtuIHX6K.js","/assets/virtual-table-B8IYPIi6.css","/assets/virtual-table-D3FPTKkq.js","/assets/world-BNu6ghwb.json","/favicon.svg","/index.html","/manifest.webmanifest"];

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
