// A page of files that someone is writing is loaded again when one of them is saved. Without this script there is “Reload”.
(() => {
  const EVERY = 1000; // milliseconds
  const { tag } = document.currentScript.dataset;
  const place = "preview:" + location.pathname;

  // Where the reader was on the page: it is loaded as a new one, because an answer may not be sent a second time.
  try {
    const there = sessionStorage.getItem(place);
    sessionStorage.removeItem(place);
    if (there) addEventListener("load", () => scrollTo(0, Number(there)));
  } catch {
    // No storage, so the page begins at its top.
  }

  const again = () => {
    try {
      sessionStorage.setItem(place, String(scrollY));
    } catch {
      // As above.
    }
    location.replace(location.pathname + location.search);
  };

  const look = async () => {
    try {
      const reply = document.hidden ? null : await fetch("/changed");
      if (reply?.ok && (await reply.text()) !== tag) return again();
    } catch {
      // The preview was stopped, or starts again just now.
    }
    setTimeout(look, EVERY);
  };

  setTimeout(look, EVERY);
})();
