// A page that the browser kept whole still shows what was chosen on it, perhaps by the person before: it is asked for again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
// Outside a sitting nothing is remembered of one: this may be the next person.
try {
  if (!/^\/(q|sent)\//.test(location.pathname)) sessionStorage.removeItem("sitting");
} catch {
  // No storage, so nothing in it.
}
// A question page that answers a post (an error, or coming back from “Aa”) is asked for like any other when the browser's Back
// or Reload comes to it, instead of with the browser's own question whether to send it all again.
if (/^\/q\//.test(location.pathname)) history.replaceState(history.state, "");
