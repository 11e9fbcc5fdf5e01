// Each frame of the sheet gets as high as its page, so that all of it is seen at once. Without this script frames scroll.
(() => {
  const LARGEST = 6000; // pixels: a page of many questions

  const fit = (frame) => {
    const page = frame.contentDocument?.documentElement;
    if (page) frame.height = Math.min(page.scrollHeight + 4, LARGEST);
  };

  for (const frame of document.querySelectorAll("iframe")) {
    frame.addEventListener("load", () => fit(frame));
    fit(frame);
  }
})();
