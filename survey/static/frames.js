// Each frame of the sheet gets as high as its page, so that all of it is seen at once. Without this script frames scroll.
(() => {
  const LARGEST = 6000; // pixels: a page of many questions

  const inView = (thing) => {
    const { top, bottom } = thing.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };

  const fit = (frame) => {
    const page = frame.contentDocument?.documentElement;
    if (!page) return;
    const focused = document.activeElement;
    const stays = inView(focused);
    frame.height = Math.min(page.scrollHeight + 4, LARGEST);
    // frames above it have come while someone tabs through the page
    if (stays && !inView(focused)) focused.scrollIntoView({ block: "nearest" });
  };

  for (const frame of document.querySelectorAll("iframe")) {
    frame.addEventListener("load", () => fit(frame));
    fit(frame);
  }
})();
