// “Listen” reads the page aloud, one sentence after the other: a recording where the study has one, else the device's own
// voice. It never speaks by itself. The button is hidden until there is something to hear, so that no page has a dead one.
const button = document.querySelector("button.listen");
const main = document.querySelector("main");
const language = document.documentElement.lang;
const synth = "SpeechSynthesisUtterance" in window ? window.speechSynthesis : undefined;
const player = new Audio();
const marks = window.CSS && CSS.highlights && window.Highlight ? CSS.highlights : undefined;
const LONGEST_SILENCE = 12000; // Chrome's own limit is 14 s, and it does not say so
const READABLE = "h1, h2, p, li, label, button:not([name=leave][value=stop]), a.next, [data-sound], .hint > span";
const UNREAD = "[hidden], [aria-hidden=true], .sr, audio, [role=status]";
let reading = 0; // which reading this is: what an earlier one still hears of does nothing any more
let pressed = 0;

const wait = (time) => new Promise((done) => setTimeout(done, time));

// What must be called again before the longest silence is over, or `over` is called: an end that never comes is no end.
function patience(over) {
  let late;
  const patient = () => { clearTimeout(late); late = setTimeout(over, LONGEST_SILENCE); };
  patient();
  return patient;
}

// ── what there is to read ──

function readable() {
  const found = [...main.querySelectorAll(READABLE)].filter((e) => !e.querySelector(READABLE) && !e.closest(UNREAD));
  const buttons = found.filter((e) => e.closest("button, a"));
  // Two buttons are two answers, as on “Do you want to stop?”; a single one is Next.
  return (buttons.length > 1 ? found : found.filter((e) => !buttons.includes(e))).map(piece).filter((one) => one.text);
}

// The text of an element as it is spoken, and for each of its characters where it stands on the page.
function piece(element) {
  const places = [];
  let text = "";
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest(UNREAD)) continue;
    [...node.data].reduce((at, character) => {
      const space = /\s/.test(character);
      if (!space || (text && !text.endsWith(" "))) {
        for (let unit = 0; unit < character.length; unit += 1) places.push([node, at + unit]);
        text += space ? " " : character;
      }
      return at + character.length;
    }, 0);
  }
  return { element, places, text: text.trimEnd(), sound: element.dataset.sound };
}

function sentences(text) {
  if (!(window.Intl && Intl.Segmenter)) {
    return [...text.matchAll(/[^.!?؟۔]+[.!?؟۔]*\s*/g)].map((found) => ({ segment: found[0], index: found.index }));
  }
  return [...new Intl.Segmenter(language, { granularity: "sentence" }).segment(text)];
}

// ── what is being read is marked; the page's text stays as it is, for those whose screen reader reads it too ──
function mark(name, { places }, from, to) {
  const [start, end] = [places[from], places[Math.min(to, places.length) - 1]];
  if (!marks || !start || !end) return;
  const range = new Range();
  range.setStart(...start);
  range.setEnd(end[0], end[1] + 1);
  marks.set(name, new Highlight(range));
}

function unmark() {
  if (marks) ["sentence", "word"].forEach((name) => marks.delete(name));
  main.querySelectorAll(".reading").forEach((element) => element.classList.remove("reading"));
}

// ── recordings ──
// True when it was heard to its end; a recording that fails, or does not come, leaves its text to the voice.
function heard(address) {
  return new Promise((done) => {
    player.ontimeupdate = patience(() => done(false));
    player.onended = () => done(true);
    player.onerror = () => done(false);
    player.onpause = () => player.ended || done(false);
    player.src = address;
    player.play().catch(() => done(false));
  }).finally(() => { player.ontimeupdate = player.onended = player.onerror = player.onpause = null; });
}

// ── the voice ──
function voice() {
  if (!synth) return undefined;
  const tag = (one) => (one.lang || "").toLowerCase().replace("_", "-");
  const [exact, base] = [language.toLowerCase(), language.toLowerCase().split("-")[0]];
  const fit = synth.getVoices().filter((one) => tag(one).split("-")[0] === base);
  const better = (one) => (tag(one) === exact ? 2 : 0) + (one.localService ? 1 : 0);
  return fit.sort((one, other) => better(other) - better(one))[0];
}

function spoken(one, sentence) {
  return new Promise((done) => {
    const said = new SpeechSynthesisUtterance(sentence.segment.trim());
    const patient = patience(done);
    said.lang = language;
    said.voice = voice(); // Safari looks at nothing else
    said.rate = 0.9;
    said.onend = said.onerror = done;
    said.onboundary = (event) => {
      patient();
      if (event.name !== "word") return;
      const length = event.charLength || sentence.segment.slice(event.charIndex).search(/\s|$/);
      mark("word", one, sentence.index + event.charIndex, sentence.index + event.charIndex + length);
    };
    synth.speak(said);
  });
}

// ── Listen ──
async function read() {
  const mine = ++reading;
  button.setAttribute("aria-pressed", "true");
  count();
  for (const one of readable()) {
    unmark();
    // An option is marked as a whole: small children look for the card, not for the word.
    const option = one.element.closest("label:not(h1 *), button, a");
    if (option || !marks) (option || one.element).classList.add("reading");
    (option || one.element).scrollIntoView({ block: "nearest" });
    mark("sentence", one, 0, one.text.length);
    if (one.sound && (await heard(one.sound))) {
      if (mine !== reading) return;
      continue;
    }
    if (mine !== reading) return;
    if (!voice()) continue;
    await wait(60); // what is said right after cancel() is swallowed
    for (const sentence of sentences(one.text)) {
      if (mine !== reading) return;
      mark("sentence", one, sentence.index, sentence.index + sentence.segment.trimEnd().length);
      if (marks) marks.delete("word");
      await spoken(one, sentence);
    }
    if (mine !== reading) return;
  }
  stop();
}

function stop() {
  reading += 1;
  button.setAttribute("aria-pressed", "false");
  player.pause();
  if (synth) synth.cancel();
  unmark();
}

// How often, never what: it goes with the answers of the page, whichever way they are sent.
function count() {
  pressed += 1;
  const asked = main.querySelector("[name^=q_]");
  if (!asked) return;
  const field = asked.form.elements.listened || document.createElement("input");
  Object.assign(field, { type: "hidden", name: "listened", value: pressed });
  asked.form.append(field);
}

function offer() {
  button.hidden = !(voice() || main.querySelector("[data-sound]"));
  // The button plays them: a second set of controls would only be in the way.
  main.querySelectorAll("audio").forEach((audio) => { audio.hidden = !button.hidden; });
}

const isReading = () => button.getAttribute("aria-pressed") === "true";
button.addEventListener("click", () => (isReading() ? stop() : read()));
addEventListener("keydown", (event) => { if (event.key === "Escape" && isReading()) stop(); });
addEventListener("pagehide", stop);
document.addEventListener("visibilitychange", () => { if (document.hidden && isReading()) stop(); });
// Voices come late, and in some browsers no event says so.
if (synth && synth.addEventListener) synth.addEventListener("voiceschanged", offer);
[200, 1000, 3000].forEach((time) => setTimeout(offer, time));
offer();
