// Arrivals sent from a phone whose network drops: each is kept on the phone until the server has taken it, in order,
// and sent again with the same key. Without this file the same forms are sent one by one.
(() => {
  "use strict";
  const board = document.querySelector("[data-arrivals]");
  if (!board) return;
  // of one invitation: somebody else may log in at the same address of the same phone
  const store = `arrivals:${board.dataset.arrivals}${location.pathname}`;
  const bar = board.querySelector("[data-arrivals-state]");
  let queue = [];
  try { queue = JSON.parse(localStorage.getItem(store)) || []; } catch { /* a private window: kept in memory only */ }
  let sending = false;

  const save = () => {
    try { queue.length ? localStorage.setItem(store, JSON.stringify(queue)) : localStorage.removeItem(store); } catch { /* idem */ }
  };
  const uuid = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64; bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const say = (state, text) => {
    bar.dataset.state = state;
    for (const name of ["error", "ico", "i-error"]) bar.classList.toggle(name, state === "refused" || state === "login");
    if (bar.textContent !== text) bar.textContent = text;
  };
  const show = () => {
    if (!queue.length) say("saved", bar.dataset.saved);
    else say("waiting", bar.dataset.waiting.replace("{count}", queue.length));
  };
  // the two buttons of a row: arrived, taken back
  const mark = (row, there, key) => {
    if (!row) return;
    row.classList.toggle("arrived", there);
    row.querySelectorAll("[data-when]").forEach((part) => { part.hidden = (part.dataset.when === "there") !== there; });
    const undo = row.querySelector("form[data-undo] [name=key]");
    if (there && key && undo) undo.value = key;
  };
  const rowOf = (id) => id && document.getElementById(id);

  const flush = async () => {
    if (sending) return;
    sending = true;
    while (queue.length) {
      const item = queue[0];
      let response;
      try {
        response = await fetch(item.url, {
          method: "POST", body: new URLSearchParams(item.body), redirect: "manual",
          headers: { Accept: "application/json", "X-CSRFToken": board.querySelector("[name=csrfmiddlewaretoken]")?.value || "" },
        });
      } catch { break; } // no network: later
      // a redirection leads to the login page, 403 is a session that ended, 5xx a server that restarts: nothing is lost
      if (response.type === "opaqueredirect" || response.status === 403) { say("login", bar.dataset.login); sending = false; return; }
      if (response.status >= 500) break;
      queue.shift(); save();
      const result = await response.json().catch(() => ({}));
      if (!response.ok) {
        mark(rowOf(item.row), item.undo, null);
        sending = false;
        say("refused", result.message || bar.dataset.refused);
        if (queue.length) setTimeout(flush, 3000);
        return;
      }
      if (result.key) mark(rowOf(item.row), true, result.key);
      const total = board.querySelector("[data-count]");
      if (total && "count" in result) total.textContent = result.count;
      if (item.reload && !queue.length) { location.reload(); return; }
    }
    sending = false;
    show();
    if (queue.length) setTimeout(flush, 3000);
  };

  board.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-arrival]");
    if (!form || !form.reportValidity()) return;
    event.preventDefault();
    const data = new FormData(form);
    const undo = "undo" in form.dataset;
    data.delete("csrfmiddlewaretoken");
    if (!undo) { data.set("key", uuid()); data.set("arrived_at", new Date().toISOString()); }
    const row = form.closest("[data-row]");
    queue.push({ url: form.getAttribute("action") || location.pathname, body: [...data], row: row && row.id, undo, reload: "reload" in form.dataset });
    save(); show();
    mark(row, !undo, data.get("key"));
    if (!row) form.reset();
    flush();
  });
  addEventListener("online", flush);
  addEventListener("beforeunload", (event) => { if (queue.length) event.preventDefault(); });

  // what waited when the page was left shows as it will be
  queue.forEach((item) => mark(rowOf(item.row), !item.undo, Object.fromEntries(item.body).key));
  const filter = board.querySelector("[data-filter]");
  if (filter) {
    filter.closest("[hidden]").hidden = false;
    const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    filter.addEventListener("input", () => {
      const words = fold(filter.value).split(/\s+/);
      board.querySelectorAll("[data-row]").forEach((row) => { row.hidden = !words.every((word) => fold(row.dataset.name).includes(word)); });
    });
  }
  board.classList.add("live");
  if (queue.length) { show(); flush(); }
})();
