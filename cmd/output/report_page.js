
"use strict";
/* Shows the summary and the devices of the data block. Strings become text, never markup: see make(). The search is
   kept behind the # of the address, so that a view can be bookmarked and sent: q, verdict, model, vendor, firmware, root,
   host, differs, sort. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const summary = data.summary, totals = summary.totals, devices = data.devices;
  const VERDICTS = ["pass", "fail", "undetermined"];
  const PAGE = 200;
  const at = id => document.getElementById(id);
  const count = number => number.toLocaleString("en");
  const short = number => number < 1000 ? String(number) : number.toLocaleString("en", {notation: "compact", maximumFractionDigits: 1});
  const many = (number, one, more) => `${count(number)} ${number === 1 ? one : more}`;

  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children.filter(child => child !== null && child !== undefined).map(child => child instanceof Node ? child : String(child)));
    return element;
  }
  const link = (filter, text) => make("a", {href: "#" + new URLSearchParams(filter)}, text);
  const vendorOf = device => (device.model || "").split(":")[0];
  const rootName = row => row.subject || "SHA-256 " + row.sha256.slice(0, 16) + "...";

  function bar(tally) {
    const out = make("div", {class: "bar", "aria-hidden": "true"});
    for (const verdict of VERDICTS) {
      if (!tally[verdict]) continue;
      const part = make("span", {class: verdict});
      part.style.flexGrow = tally[verdict];
      out.append(part);
    }
    return out;
  }

  /* Columns: [title, class, row => content]. */
  function table(caption, columns, rows, hidden) {
    const head = make("tr", {}, ...columns.map(([title, kind]) => make("th", {scope: "col", class: kind === "number" ? kind : ""}, title)));
    const body = rows.map(row => make("tr", {}, ...columns.map(([, kind, cell]) => {
      const content = cell(row);
      const zero = kind === "number" && content === 0;
      const shade = typeof kind === "function" ? kind(row) : kind;
      return make("td", {class: shade + (zero || content === "0" ? " zero" : "")}, typeof content === "number" ? count(content) : content);
    })));
    return make("table", {}, make("caption", hidden ? {class: "hidden"} : {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
  }

  const tallyColumns = [
    ["Results", "number", row => row.results],
    ["Pass", "number", row => row.pass],
    ["Fail", "number", row => row.fail],
    ["Undetermined", "number", row => row.undetermined],
    ["", "", row => bar(row)],
  ];

  /* A long table shows its first rows, and the others on request. */
  function folded(caption, columns, rows, most, hidden) {
    const box = make("div", {}, table(caption, columns, rows.slice(0, most), hidden));
    if (rows.length > most) {
      const button = make("button", {type: "button"}, `Show all ${count(rows.length)}`);
      button.addEventListener("click", () => box.replaceChildren(table(caption, columns, rows, hidden)));
      box.append(make("p", {class: "fold"}, button));
    }
    return box;
  }
  function card(caption, name, rows) {
    if (rows.length) at("tables").append(make("div", {class: "card"}, folded(caption, [name, ...tallyColumns], rows, 10)));
  }
  const named = (main, detail) => {
    const out = document.createDocumentFragment();
    out.append(main);
    if (detail) out.append(make("span", {class: "detail"}, detail));
    return out;
  };

  function showTotals() {
    at("tool").textContent = summary.tool + " report";
    const bad = totals.fail ? `${count(totals.fail)} of ${count(totals.results)} results fail`
      : totals.undetermined ? `${count(totals.undetermined)} of ${count(totals.results)} results are undetermined`
      : totals.results ? `All ${count(totals.results)} results pass` : "No results";
    at("headline").textContent = bad;
    document.title = bad + " - spdmctl";
    at("about").textContent = `${many(totals.hosts, "host", "hosts")}, ${many(totals.devices, "device", "devices")}, ${many(totals.files, "file", "files")}. Certificates are compared with ${summary.at}.`;
    at("verdict-bar").append(...bar(totals).children);
    at("verdict-bar").setAttribute("aria-label", VERDICTS.map(verdict => `${totals[verdict]} ${verdict}`).join(", "));
    const tile = (number, name, kind, filter) => {
      const inside = [make("strong", {class: number ? kind : ""}, count(number)), make("span", {class: "name"}, name)];
      const box = filter && number ? make("a", {href: "#" + new URLSearchParams(filter)}, ...inside) : make("div", {}, ...inside);
      at("tiles").append(make("li", {}, box));
    };
    tile(totals.results, "results", "", {q: ""});
    tile(totals.pass, "pass", "pass", {verdict: "pass"});
    tile(totals.fail, "fail", "fail", {verdict: "fail"});
    tile(totals.undetermined, "undetermined", "undetermined", {verdict: "undetermined"});
    tile(totals.outliers, "unlike their siblings", "", {differs: "1"});
    tile(totals.unreadable, "parts unreadable", "fail");
    const notices = [...summary.cut];
    if (totals.repeated) notices.push(`${count(totals.repeated)} results are on a host and device that had one before.`);
    if (devices.length < totals.results)
      notices.push(`The table of devices has ${count(devices.length)} of the ${count(totals.results)} results: those that do not pass or differ, then others.`);
    if (notices.length) at("notices").append(make("div", {class: "notice"}, make("ul", {}, ...notices.map(words => make("li", {}, words)))));
  }

  function showTables() {
    card("Vendors", ["Vendor", "name", row => link({vendor: row.vendor}, row.vendor)], summary.vendors);
    card("Models", ["Model", "name", row => link({model: row.model}, row.model)], summary.models);
    card("Firmware", ["Version", "name", row => named(link({model: row.model, firmware: row.version}, row.version), row.model)], summary.firmware);
    card("Roots", ["Root", "name", row => named(link({root: rootName(row)}, rootName(row)), row.sha256 + (row.trusted ? "" : " - not trusted"))], summary.roots);
    card("Causes", ["What stands in the way", "name", row => row.id], summary.causes);
    card("SPDM", ["Version", "name", row => named(row.version, row.algorithms)], summary.spdm_versions);
  }

  /* Takes the namespace from the element of the page, so that the page has no address in it. */
  function draw(name, attributes, text) {
    const element = document.createElementNS(at("timeline").namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function showExpiry() {
    const periods = Object.fromEntries(summary.expiry.periods.map(period => [period.period, period]));
    const words = {expired: "expired", "30-days": "within 30 days", "90-days": "within 90 days", "1-year": "within a year", later: "later", never: "without an end"};
    at("expiry-words").textContent = summary.expiry.periods.filter(period => period.certificates)
      .map(period => `${count(period.certificates)} ${words[period.period] || period.period}`).join(", ") + " (certificates, each counted once).";
    const bars = [{...periods.expired, kind: "bar-expired"},
      ...summary.expiry.months.map((month, i) => ({...month, kind: i < 3 ? "bar-soon" : "bar-month"}))];
    const svg = at("timeline"), left = 8, width = 944, base = 168, height = 135;
    /* Expired certificates have a bar of their own, one place apart from the months to come. */
    const most = Math.max(1, ...bars.map(one => one.devices)), step = width / (bars.length + 1);
    svg.append(draw("line", {class: "axis", x1: left, x2: left + width, y1: base, y2: base}));
    bars.forEach((one, i) => {
      const tall = one.devices ? Math.max(2, one.devices / most * height) : 0, x = left + (i ? i + 1 : 0.5) * step;
      const rect = draw("rect", {class: one.kind, x: x + 4, width: step - 8, y: base - tall, height: tall, rx: Math.min(2, tall / 2)});
      rect.append(draw("title", {}, `${one.period}: ${one.devices} devices, ${one.certificates} certificates`));
      svg.append(rect);
      if (one.devices) svg.append(draw("text", {class: "value", x: x + step / 2, y: base - tall - 5, "text-anchor": "middle"}, short(one.devices)));
      if (i === 0) svg.append(draw("text", {x: x + step / 2, y: base + 18, "text-anchor": "middle"}, "expired"));
      else if (i === 1 || (i > 3 && (one.period.endsWith("-01") || one.period.endsWith("-07")))) {
        svg.append(draw("line", {class: "axis", x1: x + step / 2, x2: x + step / 2, y1: base, y2: base + 5}));
        svg.append(draw("text", {x: x + step / 2, y: base + 18, "text-anchor": "middle"}, one.period));
      }
    });
    const rest = ["later", "never"].filter(name => periods[name] && periods[name].devices)
      .map(name => `${count(periods[name].devices)} ${name === "later" ? "devices in more than a year" : "devices without an end"}`);
    if (rest.length) svg.append(draw("text", {x: left + width, y: 202, "text-anchor": "end"}, "in all: " + rest.join(", ")));
    const columns = [["Period", "name", row => row.period], ["Certificates", "number", row => row.certificates], ["Devices", "number", row => row.devices]];
    at("months").append(table("Certificates that end", columns, bars, true));
    if (summary.expiry.soonest.length)
      at("soonest").append(folded("The next to end", [
        ["Ends", "whole", row => row.not_after.slice(0, 10)],
        ["Certificate", "name", row => row.subject],
        ["Role", "whole", row => row.role],
        ["Devices", "number", row => row.devices],
      ], summary.expiry.soonest, 12));
  }

  function showOutliers() {
    if (!summary.outliers.length) {
      at("outlier-table").append(make("p", {class: "quiet"}, "None differs."));
      return;
    }
    at("outlier-table").append(folded("Devices that differ from the others of their model", [
      ["Host", "name", row => link({host: row.host}, row.host)],
      ["Device", "whole", row => row.device],
      ["Model", "whole", row => row.model],
      ["What differs", "words", row => lines(row.differences.map(one => one.why))],
    ], summary.outliers, 25, true));
    if (summary.outliers.length < totals.outliers)
      at("outlier-table").append(make("p", {}, `${count(summary.outliers.length)} of ${count(totals.outliers)} are here; `, link({differs: "1"}, "more are among the devices"), "."));
  }

  function lines(texts) {
    const out = document.createDocumentFragment();
    out.append(...texts.map(text => make("p", {}, text)));
    return out;
  }

  function showUnreadable() {
    if (!summary.unreadable.length) return;
    at("unreadable").hidden = false;
    at("unreadable-table").append(folded("Parts of the input that are not reports", [
      ["File", "name", row => row.file],
      ["Line", "number", row => row.line ? String(row.line) : ""],
      ["Why", "words", row => row.why],
    ], summary.unreadable, 25, true));
  }

  /* The table of devices. */
  const remarks = device => [...(device.verdict === "pass" ? [] : [device.reason || device.cause || ""]), ...(device.differences || []).filter(one => one.what !== "verdict").map(one => one.why)];
  /* Key, title, text to sort and search, class, content where it is more than the text. */
  const COLUMNS = [
    ["verdict", "Verdict", device => device.verdict, device => device.verdict + " whole"],
    ["host", "Host and device", device => device.host + " " + device.device, () => "name",
      device => named(link({host: device.host}, device.host), device.device)],
    ["model", "Model and firmware", device => (device.model || "not known") + " " + (device.firmware || ""), () => "",
      device => named(device.model || "not known", device.firmware)],
    ["root", "Root", device => device.root || "", () => "name"],
    ["expires", "Valid until", device => device.expires ? device.expires.startsWith("9999") ? "no end" : device.expires.slice(0, 10) : "", () => "whole"],
    ["remarks", "Remarks", device => remarks(device).join(" "), () => "words", device => lines(remarks(device))],
  ];
  const ORDER = {fail: 0, undetermined: 1, pass: 2};
  const haystack = new Map(devices.map(device =>
    [device, [...COLUMNS.map(column => column[2](device)), device.cause || "", device.version || "", device.algorithms || ""].join("\n").toLowerCase()]));
  let filter = {}, found = [], shown = 0;

  function matches(device, words) {
    return (!filter.verdict || device.verdict === filter.verdict) && (!filter.model || (device.model || "not known") === filter.model)
      && (!filter.vendor || (vendorOf(device) || "not known") === filter.vendor) && (!filter.firmware || device.firmware === filter.firmware)
      && (!filter.root || device.root === filter.root) && (!filter.host || device.host === filter.host)
      && (!filter.differs || (device.differences || []).length > 0) && words.every(word => haystack.get(device).includes(word));
  }

  function rowOf(device) {
    return make("tr", {}, ...COLUMNS.map(([, , text, kind, content]) => make("td", {class: kind(device)}, (content || text)(device))));
  }

  function showMore() {
    at("rows").append(...found.slice(shown, shown + PAGE).map(rowOf));
    shown = Math.min(found.length, shown + PAGE);
    at("more").hidden = shown === found.length;
    const part = shown < found.length ? `, the first ${count(shown)} are shown` : "";
    at("found").textContent = `${count(found.length)} of ${count(devices.length)} devices${part}`;
  }

  function apply() {
    const words = (filter.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    found = devices.filter(device => matches(device, words));
    const [key, down] = (filter.sort || "").split(".");
    const column = COLUMNS.find(one => one[0] === key);
    if (column) {
      const value = device => key === "verdict" ? ORDER[device.verdict] : key === "expires" ? device.expires || "~" : column[2](device);
      found.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (down ? -1 : 1));
    }
    for (const cell of at("head").children) {
      if (cell.dataset.key === key) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    at("rows").replaceChildren();
    at("chips").replaceChildren(...["vendor", "firmware", "root", "host"].filter(name => filter[name]).map(name => {
      const chip = make("button", {type: "button", "aria-label": `Remove the filter on ${name}`}, `${name}: ${filter[name]} \u00d7`);
      chip.addEventListener("click", () => change({[name]: ""}));
      return chip;
    }));
    shown = 0;
    showMore();
  }

  function readAddress() {
    filter = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    at("q").value = filter.q || "";
    at("verdict").value = VERDICTS.includes(filter.verdict) ? filter.verdict : "";
    at("model").value = filter.model || "";
    at("differs").checked = Boolean(filter.differs);
    apply();
  }

  function change(more) {
    filter = Object.fromEntries(Object.entries({...filter, ...more}).filter(([, value]) => value));
    const text = new URLSearchParams(filter).toString();
    history.replaceState(null, "", text ? "#" + text : "#devices");
    readAddress();
  }

  function setUp() {
    for (const row of summary.models) at("model").append(make("option", {value: row.model}, row.model));
    for (const [key, title] of COLUMNS) {
      const button = make("button", {type: "button"}, title);
      button.addEventListener("click", () => change({sort: filter.sort === key ? key + ".down" : key}));
      const cell = make("th", {scope: "col"}, button);
      cell.dataset.key = key;
      at("head").append(cell);
    }
    at("q").addEventListener("input", () => change({q: at("q").value}));
    at("verdict").addEventListener("change", () => change({verdict: at("verdict").value}));
    at("model").addEventListener("change", () => change({model: at("model").value}));
    at("differs").addEventListener("change", () => change({differs: at("differs").checked ? "1" : ""}));
    at("reset").addEventListener("click", () => { filter = {}; change({}); });
    at("filters").addEventListener("submit", event => event.preventDefault());
    at("more").addEventListener("click", showMore);
    window.addEventListener("hashchange", () => {
      readAddress();
      if (location.hash.includes("=")) at("devices").scrollIntoView();
    });
    readAddress();
  }

  showTotals();
  showTables();
  showExpiry();
  showOutliers();
  showUnreadable();
  setUp();
})();
