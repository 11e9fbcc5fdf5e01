// A child's question page, its way to stop, and the page on which answers wait: keeps what was chosen on the device,
// goes on by the same rules as the server, and shows this sitting's answers again on Back. Without it, or where nothing
// can be kept, each page is posted as it stands.
(() => {
  const about = document.getElementById("keeping");
  if (!about || !window.indexedDB || !window.fetch) return;

  const IDLE = 20 * 60 * 1000;
  const MEMORY = "sitting";
  const STAYS = "the page stays";
  const [, , version, language, screen, stopping] = location.pathname.split("/");
  const here = `/q/${version}/${language}`;
  const waits = `/sent/${version}/${language}`;
  const onDevice = document.body.hasAttribute("data-kept"); // the service worker sent this page
  const form = document.querySelector("main form");
  const opened = performance.now();

  function pass() {
    const found = /(?:^|; )me=p\d*\.([\w-]+)\.(\d+)\.([0-9a-f]+)\.(\d+)\.([0-9a-f]{32})\./.exec(document.cookie);
    return found && { r: found[1], e: Number(found[2]), version: found[3], since: Number(found[4]), w: found[5] };
  }

  const mine = pass();
  const go = (address) => location.replace(address);
  if (!mine) {
    // Whose turn it is, or whether anyone's, only the server knows.
    if (onDevice) go("/go");
    return;
  }
  if (mine.version !== version) return go("/go");

  // ── what this sitting has answered so far, as long as this tab and this sitting last ──────────────────────────
  function remembered() {
    let found = null;
    try {
      found = JSON.parse(sessionStorage.getItem(MEMORY));
    } catch {
      // No storage, or something else's: as if there were nothing.
    }
    const same = found && found.r === mine.r && found.e === mine.e && found.since === mine.since;
    return same ? found : { r: mine.r, e: mine.e, since: mine.since, answers: {}, forms: {}, facts: null, at: Date.now() };
  }

  const memory = remembered();

  function remember() {
    memory.at = Date.now();
    try {
      sessionStorage.setItem(MEMORY, JSON.stringify(memory));
    } catch {
      // Then Back shows an empty page, and the server leads on.
    }
  }

  // Someone else may have the device by now: what was answered is shown no more, though the way goes on from it.
  function forgetWhenIdle() {
    if (Date.now() - memory.at < IDLE) return;
    memory.forms = {};
    remember();
    if (form && !stopping && screen) form.reset();
  }

  async function json(address) {
    const reply = await fetch(address);
    return reply.ok ? reply.json() : Promise.reject(new Error(String(reply.status)));
  }

  const sleep = (time) => new Promise((done) => setTimeout(done, time));
  const soon = (promise, time) => Promise.race([promise, sleep(time).then(() => ({}))]);

  const rules = json(about.dataset.rules);
  // Conditions can look at answers of an earlier sitting, and at facts of the roster.
  async function learn() {
    await soon(keeping.send(), 6000); // what waits is part of it
    const said = await json(`${here}/mine.json`);
    if (said.lead) go(said.lead);
    memory.answers = { ...said.answers, ...memory.answers };
    Object.assign(memory, { facts: said.facts, seed: said.seed });
    remember();
  }

  let learning;
  async function known() {
    if (!memory.facts) await (learning ||= learn().catch(() => {}).finally(() => (learning = undefined)));
    return Boolean(memory.facts);
  }

  // ── going from page to page ────────────────────────────────────────────────────────────────────────────────────
  const number = () => Number(new URLSearchParams(location.search).get("n")) || 1;
  const highest = () => keeping.last(mine).then((last) => Math.max(last, number() - 1));

  // n is what a plain post of the page would be numbered, o the order of the options of this child.
  async function address(name) {
    const ordered = (await rules).screens.find((one) => one.name === name).orders;
    return `${here}/${name}?n=${(await highest()) + 1}${ordered ? `&o=${memory.seed}` : ""}`;
  }

  async function lead(name) {
    const said = await soon(keeping.send(), 400);
    location.assign(said.lead || (await address(name)));
  }

  async function leadBack(event) {
    event.preventDefault();
    const fallback = event.currentTarget.href;
    try {
      if (!(await known())) throw new Error("unknown");
      const before = routing.before(await rules, screen, memory.answers, memory.facts);
      location.assign(await address(before || screen));
    } catch {
      location.assign(fallback);
    }
  }

  // ── answering ──────────────────────────────────────────────────────────────────────────────────────────────────
  const fields = () => [...new FormData(form)];
  const written = (pairs) => new URLSearchParams(pairs).toString();

  function layout() {
    const options = [...document.querySelectorAll(".faces .face, .list .face")].slice(0, 2);
    if (options.length < 2) return null;
    const [first, second] = options.map((one) => one.getBoundingClientRect().top);
    return Math.abs(first - second) < 4 ? "row" : "stack";
  }

  // neutral: the page could not say again what was answered before, and had its author's other words.
  function event(name, said, neutral = false) {
    const ms = Math.round(performance.now() - opened);
    return { screen: name, form: said, ms, lay: [layout(), neutral && "neutral"].filter(Boolean).join(" ") || null };
  }

  // Post the page as it stands, under a number that nothing that waits can have.
  async function plainly(button) {
    // From here on the server knows what this tab does not: it is asked again on the next page.
    Object.assign(memory, { answers: {}, facts: null });
    if (!stopping) memory.forms[screen] = written(fields());
    remember();
    const above = await highest().catch(() => 0);
    if (above) form.action = `${location.pathname}?n=${above + 1}`;
    if (button && button.name) {
      const said = Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value });
      form.append(said);
    }
    form.submit();
  }

  // Whether the server is there. What waits is sent before anything is posted; where nothing can be kept, nothing waits.
  async function isUp() {
    const { up } = await soon(keeping.send(mine), 6000);
    if (up) return true;
    const asked = fetch("/worker.js", { method: "HEAD", cache: "no-store" }).then(({ status }) => ({ there: status < 500 }));
    return Boolean((await soon(asked.catch(() => ({})), 6000)).there);
  }

  // The server says in words what is amiss, where it can be asked; without it, a sentence that the page holds.
  async function ask(why, button) {
    if (await isUp()) return plainly(button);
    const box = document.getElementById("held");
    for (const one of box.querySelectorAll("[data-held]")) one.hidden = one.dataset.held !== why;
    box.hidden = false;
    box.focus();
    return STAYS;
  }

  async function next(button) {
    if (pass()?.w !== mine.w) return go("/go"); // the device went to another child while this page was open
    if (!(await known())) {
      // Where to go on from here cannot be told. The server can, once it is there again.
      return ask("unsure", button);
    }
    const table = await rules;
    const said = table.screens.find((one) => one.name === screen);
    const pairs = fields();
    const answers = said.steps ? routing.reads(said.take, said.steps[0].key, pairs) : {};
    if (!answers) {
      const nothing = said.take && said.take.one && !pairs.some(([name]) => name.startsWith("q_"));
      return ask(nothing ? "nothing" : "unsure", button);
    }
    Object.assign(memory.answers, answers);
    memory.forms[screen] = written(pairs);
    const kept = Object.keys(answers).length ? [event(screen, written(pairs), onDevice && said.personal)] : [];
    const following = routing.after(table, screen, memory.answers, memory.facts);
    const name = following || routing.resume(table, memory.answers, memory.facts);
    if (!name) return end([...kept, event("_finish", "")]);
    if (kept.length) await keeping.put(mine, kept, await highest());
    remember();
    // A page that says again what was answered is made by the server, which has to know it first.
    const personal = table.screens.find((one) => one.name === name).personal;
    if (personal) await soon(keeping.send(), 3000);
    return lead(name);
  }

  // The sitting is over: nothing of it is shown any more, and what still waits is sent from the page that says so.
  async function end(kept) {
    await keeping.put(mine, kept, await highest());
    Object.assign(memory, { answers: {}, forms: {}, ended: true });
    remember();
    const said = await soon(keeping.send(), 2500);
    location.assign(said.lead || waits);
  }

  async function stop(button) {
    if (button.value === "rest") return location.assign(await address(screen));
    if (await isUp()) return plainly(button);
    if (button.value === "stop") return location.assign(`${location.pathname}?keep=1`);
    return end([event("_stop", written([[button.name, button.value]]))]);
  }

  function fillAgain(said) {
    const pairs = new URLSearchParams(said);
    for (const field of form.elements) {
      if (!field.name) continue;
      const values = pairs.getAll(field.name);
      if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
      else if (values.length) field.value = values[0];
    }
  }

  // ── this page ──────────────────────────────────────────────────────────────────────────────────────────────────
  const pill = document.getElementById("waiting");
  let late;

  function tell(left) {
    clearTimeout(late);
    if (pill) pill.hidden = !left;
  }

  document.addEventListener("answers", ({ detail }) => {
    if (screen) tell(detail.left.length);
    if (screen && detail.up) known();
  });

  // Away for a moment, to “Aa” or to stop: what is chosen comes back from this tab's memory, also without a network.
  function holdOn() {
    memory.forms[screen] = written(fields());
    remember();
  }

  function leave(to) {
    holdOn();
    location.assign(`${here}/${screen}/${to}`);
  }

  function busyOnce(work) {
    let busy = false;
    return async (submitted) => {
      submitted.preventDefault();
      if (submitted.submitter?.name === "leave") return leave(submitted.submitter.value);
      if (busy) return; // the second and third tap
      busy = true;
      late = setTimeout(() => keeping.waiting().then((left) => tell(left.length), () => {}), 1500);
      const button = submitted.submitter;
      // Nothing can be kept here (a private window, a full disk), or the rules did not come: the server is asked.
      const done = await work(button).catch(() => ask("unsure", button));
      setTimeout(() => (busy = false), done === STAYS ? 0 : 1000);
    };
  }

  async function rightOrder() {
    const order = new URLSearchParams(location.search).get("o");
    if (!onDevice || order === null || !(await known())) return;
    if (order !== String(memory.seed)) go(await address(screen));
  }

  function question() {
    if (memory.ended) return go(waits);
    forgetWhenIdle();
    const refused = document.getElementById("oops"); // the server shows what it could not take
    if (!stopping && !refused && screen in memory.forms) fillAgain(memory.forms[screen]);
    remember();
    form.addEventListener("submit", busyOnce(stopping ? stop : next));
    const back = document.querySelector('a[href$="/back"]');
    if (back) back.addEventListener("click", leadBack);
    setInterval(forgetWhenIdle, 60000);
    known();
    rightOrder().catch(() => {});
    return null;
  }

  // On the page on which answers wait: how many, again and again, until the server has them all.
  function patience() {
    const count = document.getElementById("count");
    const look = ({ up, left, lead: where }) => {
      const rest = left.filter((row) => row.r === mine.r && row.e === mine.e);
      count.textContent = String(rest.filter((row) => !row.screen.startsWith("_")).length || rest.length);
      about.hidden = !rest.length;
      if (!where && !(up && rest.every((row) => row.screen === "_finish"))) return;
      // The server has it all, and knows better than this tab whether a question is still open.
      sessionStorage.removeItem(MEMORY);
      go(where || "/go");
    };
    document.addEventListener("answers", ({ detail }) => look(detail));
    document.getElementById("again").addEventListener("click", (clicked) => {
      clicked.preventDefault();
      keeping.send(mine);
    });
    keeping.waiting().then((left) => look({ up: false, left, lead: null }), () => {});
    keeping.send(mine);
  }

  if (screen) question();
  else patience();

  // ── pages for when there is no network ─────────────────────────────────────────────────────────────────────────
  // Looked after once in each sitting, and while there are none: a new version of Chorus makes others.
  if ("serviceWorker" in navigator && !(onDevice && memory.looked)) {
    navigator.serviceWorker.register("/worker.js").catch(() => {});
    navigator.serviceWorker.ready.then(({ active }) => {
      memory.looked = true;
      remember();
      const loaded = performance.getEntriesByType("resource").map((one) => new URL(one.name));
      const files = loaded.filter((one) => one.pathname.startsWith("/static/")).map((one) => one.pathname + one.search);
      active.postMessage({ version, language, files });
    });
  }
})();
