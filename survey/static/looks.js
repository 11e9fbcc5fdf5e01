// A page that was kept on the device looks as this device has it: the letters behind ~ in the pass, as passes.py reads them.
(() => {
  const look = /(?:^|; )me=[^;~]*~([wbd12s]*)/.exec(document.cookie);
  const names = { w: "theme-white", b: "theme-blue", d: "theme-dark", 1: "text-bigger", 2: "text-biggest", s: "spaced" };
  if (look) document.documentElement.className = [...look[1]].map((letter) => names[letter]).join(" ");
})();
