// Keeps the application's own files; what the services say is never kept.
const CACHE = "fogflow-f9560719";
const FILES = ["/assets/AttributeRows-uJZXBmZK.js","/assets/Editor-BBMp-iFC.js","/assets/EntityCreate-BJNL_Q5M.js","/assets/GraphView-CaGSCYyv.js","/assets/GraphView-Dx7ty3Z9.css","/assets/PlaceMap-Pm4jid5K.js","/assets/PlacePicker-B0id2e8v.js","/assets/PlacePicker-DCQtDNnp.css","/assets/Value-Bg6ufM37.css","/assets/Value-CTy8EBXa.js","/assets/WorldMap-CEGJ4bfF.js","/assets/WorldMap-D4-vuzlN.css","/assets/actions-Bw4oTHIe.js","/assets/clipboard-B0xlR-6d.js","/assets/clock-DccDrbZ3.js","/assets/context-CAh37eE6.js","/assets/context-CN2likab.css","/assets/dagre.esm-DLXAUmit.js","/assets/depth-DAqePpV9.js","/assets/designboard-DnJEHb81.js","/assets/devices-CFx_t9Td.css","/assets/devices-DQKidDYd.js","/assets/esm-ClKM10-C.js","/assets/esm-JScsyhWk.js","/assets/functions-D6P5gh8V.js","/assets/functions-DEItDT8J.css","/assets/geometry-Bcfv5YeT.js","/assets/guide-B_KEAhBe.css","/assets/guide-t2B8_tRT.js","/assets/history-ayFO5MOj.js","/assets/index-BW8cABVR.js","/assets/index-voZ20sSr.css","/assets/intents-DeSaaTda.js","/assets/intents-uFX4EVCX.css","/assets/layers-2x-Bpkbi35X.png","/assets/layers-BWBAp2CZ.png","/assets/links-B9IFwnyE.js","/assets/map-Dc0uwWZ-.js","/assets/map-RoCeb_28.css","/assets/map-xmiLKOGl.js","/assets/marker-icon-hN30_KVU.png","/assets/operators-BxpRP7qq.js","/assets/overview-C35vzfQh.js","/assets/overview-DsIpl-PP.css","/assets/place-BUXxmn2N.js","/assets/react-sySUN5R7.js","/assets/running-3uCAXCxG.js","/assets/running-paK_prAs.css","/assets/scope-DBKZvrm7.js","/assets/shallow-bE1hNklq.js","/assets/simulator-BPyOEFtl.js","/assets/sparkline-Cf1QDSdS.js","/assets/sparkline-CrZvxaW2.css","/assets/topologies-D5G6iHnR.css","/assets/topologies-OQPC1FN7.js","/assets/usage-B3Jghd5u.js","/assets/usage-Dtqe-1bj.css","/assets/useAction-DLD7AKZW.js","/assets/useKept-DQ35skL0.js","/assets/values-BGuNXhzJ.js","/assets/virtual-table-B8IYPIi6.css","/assets/virtual-table-CcS3-Wh0.js","/assets/world-BNu6ghwb.json","/favicon.svg","/index.html","/manifest.webmanifest"];

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
