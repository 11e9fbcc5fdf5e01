// For children who use one or two switches: one of them steps on (Tab), the other presses (Space or Enter), and there are no
// arrows. A browser stops at one radio button of a group only; here Tab goes from answer to answer, Enter picks the one
// that it is at, and the first step leads to the answers: Back and “Aa” come after Next. Arrows work as ever.
(() => {
  let step = 0; // which way Tab was pressed last, until something else happens

  const group = (one) => [...document.querySelectorAll("main input[type=radio]")].filter((other) => other.name === one.name);
  const isRadio = (one) => one instanceof HTMLInputElement && one.type === "radio" && Boolean(one.closest("main"));
  const isChoice = (one) => one instanceof HTMLInputElement && /^(radio|checkbox)$/.test(one.type);

  addEventListener("keydown", (event) => {
    const here = document.activeElement;
    step = 0;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && isChoice(here) && !(here.type === "radio" && here.checked)) {
      event.preventDefault(); // else it would press Next, with nothing chosen
      here.click();
    }
    if (event.key !== "Tab") return;
    step = event.shiftKey ? -1 : 1;
    const all = isRadio(here) ? group(here) : [];
    const next = all[all.indexOf(here) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  addEventListener("pointerdown", () => (step = 0));

  // Into a group from outside: at its first answer, or backwards at its last, whichever is chosen.
  addEventListener("focusin", ({ target, relatedTarget }) => {
    const way = step;
    step = 0;
    if (!way || !isRadio(target)) return;
    const all = group(target);
    if (all.includes(relatedTarget)) return;
    const wanted = way > 0 ? all[0] : all[all.length - 1];
    if (wanted !== target) wanted.focus();
  });

  // A box that says what is amiss takes the focus itself.
  const taken = document.activeElement && document.activeElement !== document.body;
  if (!taken && !document.querySelector("[autofocus]")) {
    document.getElementById("main").focus({ preventScroll: true });
  }
})();
