// Names on cards to print: what is pasted, a name on each line, is put on the cards of this page. The fields have no
// name and stand in no form, so nothing of them can be sent; nothing is stored, and leaving the page empties them.
(() => {
  const LONG = 14; // characters that fit on a printed card in large letters
  const list = document.querySelector(".name-list");
  const names = document.getElementById("names");
  const cards = [...document.querySelectorAll(".card-name input")];
  if (!list || !names) return;
  const fit = (card) => card.classList.toggle("long", card.value.length > LONG);
  list.hidden = false;
  names.addEventListener("input", () => {
    const lines = names.value.split("\n").map((line) => line.trim());
    cards.forEach((card, place) => {
      card.value = (lines[place] ?? "").slice(0, 60);
      fit(card);
    });
  });
  for (const card of cards) card.addEventListener("input", () => fit(card));
  addEventListener("pagehide", () => {
    for (const field of [names, ...cards]) field.value = "";
  });
})();
