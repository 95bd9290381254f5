// How the trend that zooms writes days and numbers: as the page's own locale and currency do.
// Here: labels, and what is said of a day. A day is midnight UTC whatever the reader's zone, so it never shifts.
const DAY = 86_400_000;
const LABEL = 58; // pixels that a day's label needs
const STATES = {
  c: "",
  k: "closed: its invoices are reconciled",
  r: "restated",
  p: "provisional, the bill may still grow",
  m: "no data",
};

// Which days may have a label, by the days that one label needs. Day 4 of the epoch was a Monday.
const STEPS = [
  [1, () => true],
  [2, (n) => n % 2 === 0],
  [7, (n) => n % 7 === 4],
  [14, (n) => n % 14 === 4],
  ...[1, 2, 3, 6, 12].map((months) => [months * 30, startsMonths(months)]),
];

function startsMonths(months) {
  return (n) => new Date(n * DAY).getUTCDate() === 1 && new Date(n * DAY).getUTCMonth() % months === 0;
}

function daysOf(data) {
  const start = Date.parse(data.first) / DAY;
  const at = (n) => new Date((start + n) * DAY);
  const iso = (n) => at(n).toISOString().slice(0, 10);
  const format = (options) => new Intl.DateTimeFormat(data.locale, { ...options, timeZone: "UTC" });
  const [month, day] = [{ month: "short" }, { day: "numeric", month: "short" }];
  const full = { ...day, year: "numeric" };
  const [months, short, exact, long] = [month, day, full, { ...full, weekday: "short" }].map(format);
  return {
    iso,
    long: (n) => long.format(at(n)),
    place: (text) => Math.round(Date.parse(text) / DAY - start),
    range: ({ from, to }) => exact.formatRange(at(from), at(to)),
    ticks({ from, to }, width) {
      const least = ((to - from + 1) * LABEL) / width;
      const [, isTick] = STEPS.find(([length]) => length >= least) ?? STEPS.at(-1);
      return Array.from({ length: to - from + 1 }, (_, n) => from + n).filter((n) => isTick(start + n));
    },
    tickNames(shown) {
      const names = shown.length > 1 && shown.every((n) => at(n).getUTCDate() === 1) ? months : short;
      const yearOf = (n) => iso(n).slice(0, 4);
      const isNew = (n, i) => i === 0 || yearOf(n) !== yearOf(shown[i - 1]);
      return shown.map((n, i) => names.format(at(n)) + (isNew(n, i) ? `\n${yearOf(n)}` : ""));
    },
  };
}

// "$" and not "US$": the page is in one currency, which it names.
const CURRENCY = { style: "currency", currencyDisplay: "narrowSymbol" };

function numbersOf(data) {
  const numbers = (options) => {
    const format = new Intl.NumberFormat(data.locale, options);
    return (value) => (value == null ? "–" : format.format(value).replace("-", "\u2212"));
  };
  const money = (options) => numbers({ ...CURRENCY, currency: data.currency, ...options });
  const digits = (count) => money({ minimumFractionDigits: count, maximumFractionDigits: count });
  const precise = [0, 2, 2, 3, 4, 5, 6].map(digits); // by the decimals of an axis's step: $62.50, never $62.5
  const compact = { notation: "compact", maximumSignificantDigits: 3 };
  return {
    ratio: digits(data.ratio_digits),
    cost: money({}),
    count: numbers({ maximumFractionDigits: 3 }),
    ratioMark: (value, step) => precise[Math.min(String(step).split(".")[1]?.length ?? 0, 6)](value),
    costMark: money(compact),
    countMark: numbers(compact),
  };
}

/** The words for one trend's data; days are counted from its first. */
export function wordsOf(data) {
  const [days, numbers] = [daysOf(data), numbersOf(data)];

  function state(n) {
    if (days.iso(n) === data.today) return "today, not over yet";
    const change = data.restated[days.iso(n)];
    return change ? `restated, ${change}` : STATES[data.status[n]] ?? "";
  }

  function amounts(n) {
    if (data.cost[n] == null && data.units[n] == null) return "";
    const value = data.ratio[n] == null ? "–" : `${numbers.ratio(data.ratio[n])} per ${data.per}`;
    return `${value} = ${numbers.cost(data.cost[n])} ÷ ${numbers.count(data.units[n])} ${data.units_name}`;
  }

  // What the day will come to, beside what is there of it.
  function nowcast(n) {
    const [value, low, high] = (data.nowcasts[n] ?? []).map(numbers.ratio);
    return value ? `nowcast ${value}, ${low} to ${high}` : "";
  }

  const mean = (n) => (data.smooth[n] == null ? "" : `7-day mean ${numbers.ratio(data.smooth[n])}`);
  const said = (n) => [amounts(n), nowcast(n), mean(n), state(n)].filter(Boolean).join(" · ");
  return { ...days, ...numbers, said };
}
