// Answers that wait on this device: kept before anything else happens, sent until the server says that it has them.
// They lie in IndexedDB with the token of their sitting, never with the pass: whoever holds the device by now, they are sent.
const keeping = (() => {
  const STRIDE = 1000; // plain posts have the numbers between: survey/responses/saving.py
  const LAST = 990 * STRIDE;
  const WEEK = 7 * 24 * 60 * 60 * 1000;
  const AT_ONCE = 50;
  const LARGEST = 60000;
  let opened;

  function open() {
    opened ||= new Promise((done, failed) => {
      const asking = indexedDB.open("chorus", 1);
      asking.onupgradeneeded = () => {
        asking.result.createObjectStore("events", { keyPath: ["r", "e", "s"] });
        asking.result.createObjectStore("sittings", { keyPath: ["r", "e"] });
      };
      asking.onsuccess = () => done(asking.result);
      asking.onerror = asking.onblocked = () => failed(asking.error || new Error("blocked"));
      setTimeout(() => failed(new Error("no answer")), 3000);
    });
    return opened;
  }

  // Runs `work(events, sittings, result)` in one transaction; what it puts into `result.value` comes back once that has
  // been written.
  async function transaction(mode, work) {
    const database = await open();
    return new Promise((done, failed) => {
      const going = database.transaction(["events", "sittings"], mode, { durability: "strict" });
      const result = {};
      going.oncomplete = () => done(result.value);
      going.onerror = going.onabort = () => failed(going.error || new Error("not written"));
      work(going.objectStore("events"), going.objectStore("sittings"), result);
    });
  }

  const then = (asking, use) => {
    asking.onsuccess = () => use(asking.result);
  };

  // Keep events of a sitting, in order. above: a number that those of plain posts may have reached.
  // Returns the last event's number; fails where nothing can be kept.
  function put({ r, e, w }, kept, above) {
    return transaction("readwrite", (events, sittings, result) => {
      then(sittings.get([r, e]), (sitting) => {
        const before = sitting || { r, e, last: 0, made: 0 };
        let number = Math.floor(Math.max(before.last, above) / STRIDE) * STRIDE;
        for (const event of kept) {
          number += STRIDE;
          events.add({ r, e, w, s: number, at: Date.now(), ...event });
        }
        if (number > LAST) throw new Error("too many");
        const made = before.made + kept.filter((event) => !event.screen.startsWith("_")).length;
        sittings.put({ ...before, last: number, made, at: Date.now() });
        result.value = number;
      });
    });
  }

  // Everything that waits, oldest sitting first; what has waited for more than a week is deleted.
  function waiting() {
    const aWeekAgo = Date.now() - WEEK;
    return transaction("readwrite", (events, sittings, result) => {
      then(events.getAll(), (rows) => {
        for (const row of rows) if (row.at < aWeekAgo) events.delete([row.r, row.e, row.s]);
        result.value = rows.filter((row) => row.at >= aWeekAgo);
      });
      then(sittings.getAll(), (rows) => {
        for (const row of rows) if (row.at < aWeekAgo) sittings.delete([row.r, row.e]);
      });
    });
  }

  // The highest number a sitting has used; 0 where it has used none.
  const last = ({ r, e }) =>
    transaction("readonly", (_, sittings, result) => then(sittings.get([r, e]), (one) => (result.value = one ? one.last : 0)));

  function forget({ r, e }, numbers, refused) {
    return transaction("readwrite", (events, sittings) => {
      for (const number of numbers) events.delete([r, e, number]);
      if (!refused) return;
      then(sittings.get([r, e]), (one) => one && sittings.put({ ...one, made: Math.max(0, one.made - refused) }));
    });
  }

  const made = ({ r, e }) =>
    transaction("readonly", (_, sittings, result) => then(sittings.get([r, e]), (one) => (result.value = one ? one.made : 0)));

  async function post({ r, e, w }, rows) {
    const events = rows.map(({ s, screen, form, ms, at, lay }) => ({ s, screen, form, ms, at, lay }));
    const body = JSON.stringify({ r, e, w, count: await made({ r, e }), events });
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), 20000);
    try {
      const headers = { "Content-Type": "application/json" };
      const more = { keepalive: body.length < LARGEST, signal: giveUp.signal, cache: "no-store" };
      const reply = await fetch("/answers", { method: "POST", headers, body, ...more });
      // Only our own words count: a school's filter or a hotel's sign-in page may answer in our place, with any status.
      return await reply.json();
    } finally {
      clearTimeout(timer);
    }
  }

  function batches(rows) {
    const found = new Map();
    for (const row of rows) {
      const key = `${row.r}/${row.e}`;
      found.set(key, [...(found.get(key) || []), row]);
    }
    return [...found.values()].map((group) => {
      let size = 0;
      return group.slice(0, AT_ONCE).filter((row, at) => (size += row.form.length * 2 + 200) < LARGEST || at === 0);
    });
  }

  async function sendOnce(mine) {
    const rows = await waiting();
    const groups = batches(rows);
    // A sitting that has nothing to send asks all the same when it has to know whether the line is up.
    if (mine && !groups.some(([row]) => row.r === mine.r && row.e === mine.e)) groups.push([]);
    let lead = null;
    let all = true;
    for (const group of groups) {
      const sitting = group[0] || mine;
      const said = await post(sitting, group);
      if (said.gone) await forget(sitting, group.map((row) => row.s), 0);
      else if (Array.isArray(said.acked)) await forget(sitting, said.acked, (said.refused || []).length);
      else throw new Error("not understood");
      if (said.lead) lead = said.lead;
      all &&= said.gone || said.acked.length === group.length;
    }
    return { asked: groups.length > 0, sent: rows.length > 0 && all, lead };
  }

  let running;
  let timer;
  let patience = 2000;

  async function sendAll(mine) {
    clearTimeout(timer);
    let up = null;
    let lead = null;
    try {
      for (let more = true; more; mine = undefined) {
        const said = await sendOnce(mine);
        lead = said.lead || lead;
        up ||= said.asked || null;
        more = said.sent;
      }
      patience = 2000;
    } catch {
      // No network, no server, or no storage: it is tried again, devices of a class not all at once.
      up = false;
      patience = Math.min(patience * 2, 60000);
    }
    const left = await waiting().catch(() => []);
    if (left.length || up === false) timer = setTimeout(() => send(), (patience / 2) * (1 + Math.random() * 0.3));
    document.dispatchEvent(new CustomEvent("answers", { detail: { up, left, lead } }));
    return { up, left, lead };
  }

  // Send what waits. Returns {up, left, lead}: whether the server answered (null: there was nothing to ask it), what still
  // waits, and where it leads the page. mine: the sitting of a page that wants to know, even if nothing waits.
  async function send(mine) {
    const before = running && (await running);
    if (before && !(mine && before.up === null)) return before;
    running ||= sendAll(mine).finally(() => (running = undefined));
    return running;
  }

  if (window.indexedDB && window.fetch) {
    addEventListener("online", () => send());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && send());
    send();
  }

  return { last, put, send, waiting };
})();
