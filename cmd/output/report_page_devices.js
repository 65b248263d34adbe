
/* The table of devices. The search is kept behind the # of the address, so that a view can be bookmarked and sent: q,
   verdict, cause, model, vendor, firmware, root, host, device, differs, sort. */
(() => {
  const {data, VERDICTS, at, count, make, link, named, lines, table, cellOf} = page;
  const devices = data.devices, texts = data.texts;
  const PAGE = 200;
  const CHIPS = ["cause", "vendor", "firmware", "root", "host", "device"];
  const vendorOf = device => (device.model || "").split(":")[0];
  const causeOf = device => device.verdict === "pass" ? "" : device.cause || "not said";
  const placeOf = device => device.host + "\n" + device.device;
  const remarks = device => [...(device.verdict === "pass" ? [] : [device.reason || device.cause || ""]), ...(device.differences || []).filter(one => one.what !== "verdict").map(one => one.why)];

  /* Anybody can call himself like another: where names are equal, a fingerprint tells them apart. */
  const places = new Map();
  for (const device of devices) places.set(placeOf(device), (places.get(placeOf(device)) || 0) + 1);
  function fingerprint(device) {
    const {leaf_key: key = 0, evidence = 0} = device.details || {};
    if (key) return `key ${texts[key].slice(0, 16)}...`;
    return evidence ? `evidence ${texts[evidence].slice(0, 16)}...` : "no key";
  }
  const nameDetail = device => places.get(placeOf(device)) > 1 ? `${device.device} (${fingerprint(device)})` : device.device;

  /* Key, title, text to sort and search, class, content where it is more than the text. */
  const COLUMNS = [
    ["verdict", "Verdict", device => device.verdict, device => device.verdict + " whole", opener],
    ["host", "Host and device", device => device.host + " " + device.device, () => "name",
      device => named(link({host: device.host}, device.host), nameDetail(device))],
    ["model", "Model and firmware", device => (device.model || "not known") + " " + (device.firmware || ""), () => "name",
      device => named(device.model || "not known", device.firmware)],
    ["root", "Root", device => device.root || "", () => "name"],
    ["expires", "Valid until", device => device.expires ? device.expires.startsWith("9999") ? "no end" : device.expires.slice(0, 10) : "", () => "whole"],
    ["remarks", "Remarks", device => remarks(device).join(" "), () => "words", device => lines(remarks(device))],
  ];
  const ORDER = {fail: 0, undetermined: 1, pass: 2};
  const prints = device => device.details ? [texts[device.details.leaf_key], texts[device.details.evidence]] : [];
  const haystack = new Map(devices.map(device => [device, [...COLUMNS.map(column => column[2](device)), device.cause || "",
    device.version || "", device.algorithms || "", ...prints(device)].join("\n").toLowerCase()]));
  let filter = {}, found = [], shown = 0;

  function matches(device, words) {
    return (!filter.verdict || device.verdict === filter.verdict) && (!filter.model || (device.model || "not known") === filter.model)
      && (!filter.vendor || (vendorOf(device) || "not known") === filter.vendor) && (!filter.firmware || device.firmware === filter.firmware)
      && (!filter.root || device.root === filter.root) && (!filter.host || device.host === filter.host)
      && (!filter.device || device.device === filter.device) && (!filter.cause || causeOf(device) === filter.cause)
      && (!filter.differs || (device.differences || []).length > 0) && words.every(word => haystack.get(device).includes(word));
  }

  function opener(device) {
    const button = make("button", {type: "button", class: "open", "aria-expanded": "false",
      "aria-label": `${device.verdict}: details of ${device.host} ${device.device}`}, device.verdict);
    button.addEventListener("click", () => toggle(button, device));
    return button;
  }

  function toggle(button, device) {
    const row = button.closest("tr"), open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) row.nextSibling.remove();
    else row.after(make("tr", {class: "more", role: "row"}, make("td", {colspan: COLUMNS.length, role: "cell"}, detailsOf(device))));
  }

  /* What the reports on record hold of the device. */
  function detailsOf(device) {
    const details = device.details || {findings: [], certificates: [], measurements: []}, out = make("div", {class: "about"});
    const facts = [["Exit code", device.exit_code], ["Cause", device.cause], ["Why", device.verdict === "pass" ? "" : device.reason],
      ["SPDM", [device.version, device.algorithms].filter(Boolean).join(", ")], ["Firmware", device.firmware],
      ["Leaf key", details.leaf_key ? "SHA-256 " + texts[details.leaf_key] : ""],
      ["Evidence", details.evidence ? "SHA-256 " + texts[details.evidence] : ""]];
    out.append(make("dl", {}, ...facts.filter(([, value]) => value !== "" && value !== undefined)
      .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)))));
    const add = (caption, columns, rows) => rows.length && out.append(table(caption, columns, rows, "stack"));
    add("Findings", [["Finding", "name", row => texts[row[0]]], ["Severity", "name", row => texts[row[1]]], ["Where", "name", row => texts[row[2]]],
      ["Why", "words", row => lines([texts[row[3]], texts[row[4]]].filter(Boolean))]], details.findings);
    add("Unlike its siblings", [["What", "name", row => row.what], ["Here", "words mono", row => row.value], ["Usual", "words mono", row => row.usual]],
      device.differences || []);
    add("Certificate chain", [["Certificate", "name", row => texts[row[0]]], ["Ends", "name", row => texts[row[2]].slice(0, 10)],
      ["Authority", "name", row => row[3] ? "yes" : "no"], ["SHA-256", "words mono", row => texts[row[1]]]], details.certificates);
    add("Measurements", [["Index", "name", row => String(row[0])], ["Type", "name", row => texts[row[1]]], ["Signed", "name", row => row[3] ? "yes" : "no"],
      ["Value", "words mono", row => texts[row[2]]]], details.measurements);
    if (!device.details) out.append(make("p", {class: "quiet"}, "The page holds no more of this device; its report does."));
    return out;
  }

  const rowOf = device => make("tr", {role: "row"}, ...COLUMNS.map(([, title, text, kind, content]) => cellOf(title, kind(device), (content || text)(device))));

  function showMore() {
    at("rows").append(...found.slice(shown, shown + PAGE).map(rowOf));
    shown = Math.min(found.length, shown + PAGE);
    at("more").hidden = shown === found.length;
    const part = shown < found.length ? `, the first ${count(shown)} are shown` : "";
    at("found").textContent = `${count(found.length)} of ${count(devices.length)} devices${part}`;
    at("none").hidden = found.length > 0;
    at("none").textContent = devices.length ? "No device fits all of that." : "There is no device in what was read.";
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
    at("chips").replaceChildren(...CHIPS.filter(name => filter[name]).map(name => {
      const chip = make("button", {type: "button", "aria-label": `Remove the filter on ${name} ${filter[name]}`}, `${name}: ${filter[name]} \u00d7`);
      chip.addEventListener("click", () => change({[name]: ""}));
      return chip;
    }));
    shown = 0;
    showMore();
    /* Who asks for one device wants to see it. */
    if (filter.device && found.length <= 3) for (const button of at("rows").querySelectorAll("button.open")) button.click();
  }

  function readAddress() {
    filter = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    at("q").value = filter.q || "";
    at("verdict").value = VERDICTS.includes(filter.verdict) ? filter.verdict : "";
    at("model").value = filter.model || "";
    at("differs").checked = Boolean(filter.differs);
    /* On paper the table is there only where somebody has searched in it. */
    document.body.classList.toggle("searched", location.hash.includes("="));
    apply();
  }

  /* An address with a search shows what it finds. */
  function goThere() {
    readAddress();
    if (!location.hash.includes("=")) return;
    at("devices").scrollIntoView();
    at("devices").focus({preventScroll: true});
  }

  function change(more) {
    filter = Object.fromEntries(Object.entries({...filter, ...more}).filter(([, value]) => value));
    const text = new URLSearchParams(filter).toString();
    history.replaceState(null, "", text ? "#" + text : "#devices");
    readAddress();
  }

  /* A list to choose from is as wide as its longest entry. */
  const brief = text => [...text].length > 40 ? [...text].slice(0, 40).join("") + "..." : text;
  for (const row of data.summary.models) at("model").append(make("option", {value: row.model, title: row.model}, brief(row.model)));
  for (const [key, title] of COLUMNS) {
    const button = make("button", {type: "button"}, title);
    button.addEventListener("click", () => change({sort: filter.sort === key ? key + ".down" : key}));
    const cell = make("th", {scope: "col", role: "columnheader"}, button);
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
  at("filters").hidden = at("table-of-devices").hidden = !devices.length;
  window.addEventListener("hashchange", goThere);
  goThere();
})();
