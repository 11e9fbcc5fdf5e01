// Which page comes next, without the server: the rules of survey/journey.py and survey/definition/conditions.py again.
// They come as data (Journey.rules). Cases that Python and this file share are in tests/journey.
const routing = (() => {
  const isMissing = (value) => typeof value === "object" && !Array.isArray(value);

  function compares(value, how, values) {
    if (how === "is") return values.includes(value);
    if (how === "contains") return Array.isArray(value) && values.some((one) => value.includes(one));
    // Numbers compare with numbers, dates with dates; an answer of another sort is neither more nor less.
    if (Array.isArray(value) || (typeof value === "string") !== (typeof values[0] === "string")) return false;
    return how === "at_least" ? value >= values[0] : value <= values[0];
  }

  function holds(rule, answers, facts) {
    if (rule.all) return rule.all.every((part) => holds(part, answers, facts));
    if (rule.any) return rule.any.some((part) => holds(part, answers, facts));
    if (rule.not) return !holds(rule.not, answers, facts);
    const how = Object.keys(rule).find((name) => name !== "of" && name !== "fact");
    const value = "fact" in rule ? facts[rule.fact] : answers[rule.of];
    const given = value !== undefined && value !== null && !isMissing(value);
    if (how === "answered") return given === rule.answered[0];
    return given && compares(value, how, rule[how]);
  }

  // The questions that these answers and facts do not lead to. An answer to a hidden question counts as none.
  function hidden(rules, answers, facts) {
    const found = new Set();
    let visible = answers;
    for (const { question, keys, when } of rules.conditions) {
      if (when.every((rule) => holds(rule, visible, facts))) continue;
      found.add(question);
      visible = Object.fromEntries(Object.entries(visible).filter(([key]) => !keys.includes(key)));
    }
    return found;
  }

  const asked = (step, gone, answers) =>
    !gone.has(step.question) && (!step.after || answers[step.after[0]] === step.after[1]);

  function answered(step, answers) {
    const value = answers[step.key];
    if (!step.points || value === undefined || value === null) return step.key in answers;
    return isMissing(value) ? value.missing !== "blank" : step.points.includes(value);
  }

  const shown = (screen, gone, answers) =>
    screen.rest ? screen.rest.some((name) => !gone.has(name)) : screen.steps.some((step) => asked(step, gone, answers));

  const isOpen = (screen, gone, answers) =>
    (screen.steps || []).some((step) => step.open && asked(step, gone, answers) && !answered(step, answers));

  const place = (rules, name) => rules.screens.findIndex((screen) => screen.name === name);
  const named = (screen) => (screen ? screen.name : null);

  function route(rules, answers, facts) {
    const gone = hidden(rules, answers, facts);
    return rules.screens.filter((screen) => shown(screen, gone, answers)).map(named);
  }

  // The next screen after one of this name; null at the end.
  function after(rules, name, answers, facts) {
    const gone = hidden(rules, answers, facts);
    return named(rules.screens.slice(place(rules, name) + 1).find((screen) => shown(screen, gone, answers)));
  }

  // The screen before one of this name, leaving out rests; null at the start.
  function before(rules, name, answers, facts) {
    const gone = hidden(rules, answers, facts);
    const earlier = rules.screens.slice(0, place(rules, name)).reverse();
    return named(earlier.find((screen) => !screen.rest && shown(screen, gone, answers)));
  }

  // Where to go on: the start before any answer, else the first screen with an open question; null at the end.
  function resume(rules, answers, facts) {
    const gone = hidden(rules, answers, facts);
    const way = rules.screens.filter((screen) => shown(screen, gone, answers));
    if (!Object.keys(answers).length) return named(way[0]);
    return named(way.find((screen) => isOpen(screen, gone, answers)));
  }

  const SPACES = /^[ \t\r\n\u00a0]*$/;

  function numberFrom(typed, [least, most, decimals]) {
    const text = typed.trim();
    if (!/^-?\d{1,9}(\.\d{1,6})?$/.test(text)) return null;
    const number = Number(text);
    const tooFine = (text.split(".")[1] || "").replace(/0+$/, "").length > decimals;
    const outside = (least !== null && number < least) || (most !== null && number > most);
    return tooFine || outside ? null : number;
  }

  function codesFrom(ticked, rule) {
    if (!ticked.length || !ticked.every((value) => value in rule.codes)) return null;
    if (ticked.some((value) => rule.alone.includes(value))) return ticked.length === 1 ? codesOf(ticked, rule) : null;
    return ticked.length >= rule.least && ticked.length <= rule.most ? codesOf(ticked, rule) : null;
  }

  function codesOf(ticked, rule) {
    const codes = ticked.map((value) => rule.codes[value]);
    return isMissing(codes[0]) ? codes[0] : codes;
  }

  // What a form answers (key -> value), as ScreenForm.offline lets a device know; null: the server has to look at it.
  // fields: pairs of name and value, as the form would send them.
  function reads(take, key, fields) {
    if (!take) return null;
    const sent = (name) => fields.filter(([field]) => field === name).map(([, value]) => value);
    const tooLong = ([name, most]) => sent(name).some((value) => value.length > most);
    if (Object.entries(take.longest || {}).some(tooLong)) return null;
    if (take.one) return take.one[1][sent(take.one[0])[0] || ""] || null;
    const [name, rule] = take.rule;
    if (rule.codes) {
      const codes = codesFrom(sent(name), rule);
      return codes && { [key]: codes };
    }
    const typed = sent(name)[0] || "";
    const instead = take.instead ? sent(take.instead[0]) : [];
    if (instead.length) return instead.length === 1 && SPACES.test(typed) ? take.instead[1][instead[0]] || null : null;
    if (SPACES.test(typed)) return null;
    if (rule.number) {
      const number = numberFrom(typed, rule.number);
      return number === null ? null : { [key]: number };
    }
    return typed.length <= rule.text ? { [key]: typed } : null;
  }

  return { after, before, hidden, reads, resume, route };
})();
