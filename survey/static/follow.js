// Questions that appear by an answer on the same page: shown and hidden as soon as it is chosen or typed. What is hidden is
// not sent. Without this script the page comes back with them, and says beforehand that it may.
const followed = document.querySelector("form[data-follow]");
if (followed) {
  const rules = JSON.parse(followed.dataset.follow);
  const told = document.getElementById("follow-told");
  const said = document.getElementById("follow-said");
  const blocks = [...followed.querySelectorAll("[data-follows]")];

  // Fields of hidden questions are disabled, and so are not among these.
  function answers() {
    const fields = [...new FormData(followed)].filter(([, value]) => typeof value === "string");
    const read = rules.takes.map(({ key, take }) => routing.reads(take, key, fields) || {});
    return Object.assign({}, ...read);
  }

  function showAndHide() {
    const gone = routing.hidden(rules, answers(), {});
    const changed = blocks.filter((block) => block.hidden !== gone.has(block.dataset.follows));
    for (const block of changed) block.hidden = block.disabled = !block.hidden;
    for (const group of followed.querySelectorAll("[data-stem]")) {
      group.hidden = !group.querySelector("fieldset:not([hidden])");
    }
    return changed;
  }

  // A question that appeared may lead to another.
  function settle() {
    const appeared = new Set();
    for (let round = 0; round <= blocks.length; round += 1) {
      const changed = showAndHide();
      if (!changed.length) break;
      for (const block of changed) block.hidden ? appeared.delete(block) : appeared.add(block);
    }
    return appeared.size > 0;
  }

  // Said anew each time: what stands there already is not read out again.
  function follow() {
    if (!settle()) return;
    said.textContent = "";
    setTimeout(() => (said.textContent = said.dataset.words), 100);
  }

  if (told) told.hidden = true;
  settle();
  followed.addEventListener("input", follow);
  followed.addEventListener("change", follow);
}
