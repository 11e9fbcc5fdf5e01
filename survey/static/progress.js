// How far long work has come, once a second, without loading the whole page again. Without this script the page does so.
(() => {
  const EVERY = 1000; // milliseconds
  const here = () => document.getElementById("job");
  const said = document.querySelector("[role=status]");

  const download = () => {
    const file = document.getElementById("file");
    if (file) location.assign(file.href);
  };

  const look = async () => {
    let page;
    try {
      const reply = await fetch(location.href);
      page = new DOMParser().parseFromString(await reply.text(), "text/html");
    } catch {
      return setTimeout(look, EVERY); // no network for a moment: the work goes on
    }
    const next = page.getElementById("job");
    if (!next) return location.reload(); // the page itself is ready, or it is no longer for the person here
    here().replaceWith(document.adoptNode(next));
    if (next.dataset.state === "coming") return setTimeout(look, EVERY);
    document.title = page.title;
    said.textContent = page.querySelector("[role=status]").textContent;
    download();
  };

  if (!here()) return;
  if (here().dataset.state === "coming") setTimeout(look, EVERY);
  else download();
})();
