// Keeps the application's own files; what the services say is never kept.
const CACHE = "fogflow-d60c089f";
const FILES = ["/assets/context-NPDGRAnd.js","/assets/devices-DTx_yU4l.js","/assets/functions-DleeO-yJ.js","/assets/guide-DsfF-nej.js","/assets/index-BSRhqy-9.css","/assets/index-DJ1aSjsr.js","/assets/intents-DFSHaSWZ.js","/assets/map-C8TfBwrN.js","/assets/operators-DImHyqy9.js","/assets/overview-C_iuy2Hz.js","/assets/running-D-7xlDkk.js","/assets/topologies-VBCnXoKI.js","/favicon.svg","/manifest.webmanifest"];

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
