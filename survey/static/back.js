// A page that the browser kept whole still shows what was chosen on it, perhaps by the person before: it is asked for again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
