
"use strict";
/* Shows the summary of the data block. Strings become text, never markup: see make(). The table of devices is in
   report_page_devices.js. */
const page = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const summary = data.summary, totals = summary.totals, devices = data.devices;
  const VERDICTS = ["pass", "fail", "undetermined"];
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
  /* As the program names roots: of several with one subject, the fingerprint tells which it is. */
  const rootPrint = row => "SHA-256 " + row.sha256.slice(0, 16) + "...";
  const rootName = row => !row.subject ? rootPrint(row)
    : summary.roots.filter(other => other.subject === row.subject).length > 1 ? `${row.subject} (${rootPrint(row)})` : row.subject;

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

  /* A cell that knows its title can stand below the others on a narrow screen, and stays a cell for those who listen. */
  const cellOf = (title, kind, ...content) => make("td", {class: kind, role: "cell", "data-title": title}, ...content);

  /* Columns: [title, class, row => content]. `kind`: class of the table; "stack" is for those with much text. */
  function table(caption, columns, rows, kind = "", hidden = false) {
    const head = make("tr", {role: "row"}, ...columns.map(([title, kind]) =>
      make("th", {scope: "col", role: "columnheader", class: kind === "number" ? kind : ""}, title)));
    const body = rows.map(row => make("tr", {role: "row"}, ...columns.map(([title, kind, cell]) => {
      const content = cell(row);
      const zero = kind === "number" && (content === 0 || content === "0");
      const shade = typeof kind === "function" ? kind(row) : kind;
      return cellOf(title, shade + (zero ? " zero" : ""), typeof content === "number" ? count(content) : content);
    })));
    return make("table", {class: kind, role: "table"}, make("caption", hidden ? {class: "hidden"} : {}, caption),
      make("thead", {role: "rowgroup"}, head), make("tbody", {role: "rowgroup"}, ...body));
  }

  const tallyColumns = [
    ["Results", "number", row => row.results],
    ["Pass", "number", row => row.pass],
    ["Fail", "number", row => row.fail],
    ["Undetermined", "number", row => row.undetermined],
    ["", "share", row => bar(row)],
  ];

  /* A long table shows its first rows, and the others on request. */
  function folded(caption, columns, rows, most, kind, hidden) {
    const box = make("div", {}, table(caption, columns, rows.slice(0, most), kind, hidden));
    if (rows.length > most) {
      const button = make("button", {type: "button"}, `Show all ${count(rows.length)}`);
      button.addEventListener("click", () => {
        box.replaceChildren(table(caption, columns, rows, kind, hidden));
        box.tabIndex = -1;
        box.focus();
      });
      box.append(make("p", {class: "fold"}, button));
    }
    return box;
  }
  function card(caption, name, rows) {
    if (rows.length) at("tables").append(make("div", {class: "card", id: "of-" + caption.toLowerCase()}, folded(caption, [name, ...tallyColumns], rows, 10, "tally")));
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
      : totals.results > 1 ? `All ${count(totals.results)} results pass` : totals.results ? "The one result passes" : "No results";
    const lost = totals.unreadable ? `; ${many(totals.unreadable, "part", "parts")} could not be read` : "";
    at("headline").textContent = bad + lost;
    document.title = bad + lost + " - spdmctl";
    at("about").textContent = `${many(totals.hosts, "host", "hosts")}, ${many(totals.devices, "device", "devices")}, ${many(totals.files, "file", "files")}. Certificates are compared with ${summary.at}.`;
    at("verdict-bar").append(...bar(totals).children);
    at("verdict-bar").setAttribute("aria-label", VERDICTS.map(verdict => `${totals[verdict]} ${verdict}`).join(", "));
    const tile = (number, name, kind, filter) => {
      const inside = [make("strong", {class: number ? kind : ""}, count(number)), make("span", {class: "name"}, name)];
      const box = filter && number ? make("a", {href: "#" + new URLSearchParams(filter)}, ...inside) : make("div", {}, ...inside);
      at("tiles").append(make("li", {}, box));
    };
    tile(totals.fail, "fail", "fail", {verdict: "fail"});
    tile(totals.undetermined, "undetermined", "undetermined", {verdict: "undetermined"});
    tile(totals.pass, "pass", "pass", {verdict: "pass"});
    tile(totals.results, "results", "", {q: ""});
    tile(totals.outliers, "unlike their siblings", "", {differs: "1"});
    tile(totals.unreadable, "parts unreadable", "fail");
    const notices = [...summary.cut];
    if (totals.repeated) notices.push(`${many(totals.repeated, "result is", "results are")} on a host and device that had one before.`);
    if (devices.length < totals.results)
      notices.push(`The table of devices has ${count(devices.length)} of the ${count(totals.results)} results: those that do not pass or differ, then others.`);
    if (notices.length) at("notices").append(make("div", {class: "notice"}, make("ul", {}, ...notices.map(words => make("li", {}, words)))));
  }

  const verdictKind = row => row.verdict + " whole";
  const nameOf = row => named(link({host: row.host, ...(row.device ? {device: row.device} : {})}, row.host), row.device);

  function showFailing() {
    if (!summary.failing.length) return;
    at("failing").hidden = false;
    at("causes").append(...summary.causes.slice(0, 12).map(row =>
      make("li", {}, link({cause: row.id}, row.id), ` ${count(row.results)}`)));
    at("failing-table").append(folded("Devices that fail, then those that are undetermined", [
      ["Verdict", verdictKind, row => row.verdict],
      ["Host and device", "name", nameOf],
      ["Model", "name", row => row.model || "not known"],
      ["Cause", "name", row => link({cause: row.cause || "not said"}, row.cause || "not said")],
      ["Why", "words", row => lines([row.reason || ""])],
    ], summary.failing, 10, "stack", true));
    const all = totals.fail + totals.undetermined;
    if (summary.failing.length < all)
      at("failing-table").append(make("p", {}, `${count(summary.failing.length)} of ${count(all)} are here; `, link({verdict: "fail"}, "more are among the devices"), "."));
  }

  function showTables() {
    card("Vendors", ["Vendor", "name", row => link({vendor: row.vendor}, row.vendor)], summary.vendors);
    card("Models", ["Model", "name", row => link({model: row.model}, row.model)], summary.models);
    card("Firmware", ["Version", "name", row => named(link({model: row.model, firmware: row.version}, row.version), row.model)], summary.firmware);
    card("Roots", ["Root", "name", row => named(link({root: rootName(row)}, rootName(row)), row.sha256 + (row.trusted ? "" : " - not trusted"))], summary.roots);
    card("Causes", ["What stands in the way", "name", row => link({cause: row.id}, row.id)], summary.causes);
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
    if (!summary.expiry.periods.some(period => period.certificates)) return;
    at("expiry").hidden = false;
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
    at("months").append(table("Certificates that end", columns, bars, "", true));
    if (summary.expiry.soonest.length)
      at("soonest").append(folded("The next to end", [
        ["Ends", "whole", row => row.not_after.slice(0, 10)],
        ["Certificate", "name", row => named(row.subject, row.sha256)],
        ["Role", "whole", row => row.role],
        ["Devices", "number", row => row.devices],
      ], summary.expiry.soonest, 12, "stack"));
  }

  function showOutliers() {
    if (!totals.results) return;
    at("outliers").hidden = false;
    if (!summary.outliers.length) {
      at("outlier-table").append(make("p", {class: "quiet"}, "None differs."));
      return;
    }
    at("outlier-table").append(folded("Devices that differ from the others of their model", [
      ["Host and device", "name", nameOf],
      ["Model", "name", row => row.model],
      ["What differs", "words", row => lines(row.differences.map(one => one.why))],
    ], summary.outliers, 12, "stack", true));
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
      ["Why", "words", row => lines([row.why])],
    ], summary.unreadable, 25, "stack", true));
  }

  showTotals();
  showFailing();
  showTables();
  showExpiry();
  showOutliers();
  showUnreadable();
  return {data, VERDICTS, at, count, make, link, named, lines, table, cellOf};
})();
