// Pupils' pages where there is no network. Kept are pages that are the same for every child, style sheets, scripts, fonts
// and pictures, one cache for each version and language; never a post, and never a page with something of a person.
const PATIENCE = 3000;
const MOST = 4;
const named = (version, language) => `pupil ${version} ${language}`;
const addressOf = (version, language) => `/q/${version}/${language}/pages.json`;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => event.waitUntil(keep(event.data).catch(() => {})));

// Fetch the pages of a questionnaire and what they need; they count as kept once all of it is there.
async function keep({ version, language, files }) {
  const address = addressOf(version, language);
  const cache = await caches.open(named(version, language));
  const reply = await fetch(address, { cache: "no-cache" });
  if (!reply.ok) return;
  const wanted = new Set([...files, ...(await reply.clone().json()).files]);
  for (const file of wanted) if (!(await cache.match(file))) await cache.add(file);
  await cache.put(address, reply);
  await tidy(cache, new Set([address, ...wanted]));
}

async function tidy(cache, wanted) {
  for (const { url } of await cache.keys()) {
    const { pathname, search } = new URL(url);
    if (!wanted.has(pathname + search) && !pathname.startsWith("/static/fonts/")) await cache.delete(url);
  }
  const all = (await caches.keys()).filter((name) => name.startsWith("pupil "));
  for (const old of all.slice(0, -MOST)) await caches.delete(old);
}

async function kept(version, language) {
  const found = await caches.match(addressOf(version, language));
  return found && { pages: await found.json(), headers: found.headers };
}

// The headers of every page are those of the file it came in: the policy on scripts, above all.
function page(html, headers) {
  const own = new Headers(headers);
  for (const name of ["Content-Encoding", "Content-Length", "ETag", "Vary"]) own.delete(name);
  own.set("Content-Type", "text/html; charset=utf-8");
  own.set("Cache-Control", "no-store");
  return new Response(html.replace("<body", "<body data-kept"), { headers: own });
}

// What the server says within some seconds; else what is kept. A server that is being started again says 5xx.
async function fresh(request, instead) {
  if (!instead) return fetch(request);
  const asked = fetch(request).then((reply) => (reply.status >= 500 ? instead : reply), () => instead);
  return Promise.race([asked, new Promise((done) => setTimeout(() => done(instead), PATIENCE))]);
}

async function question(request, [, version, language, name, rest], asked) {
  const found = await kept(version, language);
  if (!found) return fetch(request);
  const { pages, headers } = found;
  if (rest === "stop") return page(asked.has("keep") ? pages.keep : pages.stop, headers);
  const html = Array.isArray(pages.screens[name]) ? pages.screens[name][Number(asked.get("o"))] : pages.screens[name];
  if (rest || !html) return fresh(request, page(pages.away, headers));
  // The same for every child, and for good: at once. What the server has to say comes with the reply to an answer.
  const same = asked.has("n") && !asked.has("again") && !asked.has("check") && !pages.personal.includes(name);
  return same ? page(html, headers) : fresh(request, page(html, headers));
}

async function waiting(request, [, version, language]) {
  const found = await kept(version, language);
  return found ? page(found.pages.sent, found.headers) : fetch(request);
}

// Any other page of a respondent: better our own words than the browser's.
async function away(request) {
  const last = (await caches.keys()).filter((name) => name.startsWith("pupil ")).pop();
  const found = last && (await kept(...last.split(" ").slice(1)));
  return fetch(request).catch((error) => {
    if (!found) throw error;
    return page(found.pages.away, found.headers);
  });
}

async function file(request) {
  return (await caches.match(request)) || fetch(request);
}

function answer(request) {
  const { pathname, searchParams } = new URL(request.url);
  if (request.mode === "navigate") {
    if (/^\/(office|account|withdraw)(\/|$)/.test(pathname)) return null;
    const asked = /^\/q\/([0-9a-f]+)\/([\w-]+)\/([\w.-]+)(?:\/(\w+))?$/.exec(pathname);
    if (asked) return question(request, asked, searchParams);
    const sent = /^\/sent\/([0-9a-f]+)\/([\w-]+)$/.exec(pathname);
    return sent ? waiting(request, sent) : away(request);
  }
  const isFile = pathname.startsWith("/static/") || pathname.startsWith("/file/") || pathname.endsWith("/rules.json");
  return isFile && !request.headers.has("Range") ? file(request) : null;
}

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== location.origin) return;
  const reply = answer(event.request);
  if (reply) event.respondWith(reply);
});
