/* Fairtag's own script: comfort on top of pages that work without it. No framework, no eval. */
(() => {
  "use strict";
  const { nonce } = document.currentScript;
  const $ = (selector, root = document) => root.querySelector(selector);
  const on = (type, selector, act, root = document) =>
    root.addEventListener(type, (event) => {
      const hit = event.target instanceof Element && event.target.closest(selector);
      if (hit) act(hit, event);
    });
  const say = (text) => { const live = $("#live"); if (live && text) { live.textContent = ""; setTimeout(() => { live.textContent = text; }, 60); } };

  /* --- events: batched, sent with a beacon, each with an id so that a repeat counts once */
  const queue = [];
  let timer = 0;
  const uuid7 = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let time = Date.now();
    for (let i = 5; i >= 0; i -= 1) { bytes[i] = time % 256; time = Math.floor(time / 256); }
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const flush = () => {
    clearTimeout(timer);
    timer = 0;
    if (!queue.length) return;
    const body = JSON.stringify({ sent_at: new Date().toISOString(), events: queue.splice(0, 50) });
    const address = document.body.dataset.events;
    if (!navigator.sendBeacon(address, new Blob([body], { type: "application/json" }))) {
      fetch(address, { method: "POST", body, headers: { "Content-Type": "application/json" }, keepalive: true }).catch(() => {});
    }
  };
  const record = (event) => {
    if (document.documentElement.dataset.tracking === "off") return;
    queue.push({ id: uuid7(), occurred_at: new Date().toISOString(), ...event });
    timer = timer || setTimeout(flush, 800);
  };
  const view = document.body.dataset.view;
  if (view) {
    const tell = () => record(JSON.parse(view));
    if (document.prerendering) document.addEventListener("prerenderingchange", tell, { once: true }); else tell();
  }
  on("click", "[data-list] .card__name a", (link) => {
    const price = $(".price", link.closest(".card"));
    if (price) record({ kind: "click", variant_id: Number(price.dataset.variant) });
  });
  /* an offer counts as seen when half of it stood in view for a second, once a page */
  const offersSeen = new Set();
  const waits = new Map();
  const watcher = "IntersectionObserver" in window && new IntersectionObserver((entries) => {
    entries.forEach(({ target, isIntersecting }) => {
      const offer = target.dataset.offer;
      clearTimeout(waits.get(target));
      if (!isIntersecting || offersSeen.has(offer)) return;
      waits.set(target, setTimeout(() => {
        watcher.unobserve(target);
        if (offersSeen.has(offer) || document.hidden) return;
        offersSeen.add(offer);
        record({ kind: "offer_view", offer_ref: offer });
      }, 1000));
    });
  }, { threshold: 0.5 });
  const watchOffers = () => { if (watcher) document.querySelectorAll("[data-offer]").forEach((card) => watcher.observe(card)); };
  watchOffers();
  document.addEventListener("htmx:afterSwap", watchOffers);
  document.addEventListener("visibilitychange", () => { if (document.hidden) flush(); });
  addEventListener("pagehide", flush);

  /* --- clocks: to the stored end only; the words beside them are right without script */
  const tick = () => document.querySelectorAll("[data-clock]").forEach((clock) => {
    const left = Math.floor((Date.parse(clock.dateTime) - Date.now()) / 1000);
    clock.title = clock.title || clock.textContent;
    // Beyond two days a clock only hurries people: the day says it better.
    if (left < 0 || left > 172800) return;
    const two = (number) => String(number).padStart(2, "0");
    clock.textContent = `${clock.title} · ${two(Math.floor(left / 3600))}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
  });
  if ($("[data-clock]")) { tick(); setInterval(tick, 1000); }

  /* --- come back to a tab: prices and picks follow what happened meanwhile */
  let leftAt = 0;
  const refresh = () => {
    const main = $("#main");
    if (!main || !main.hasAttribute("data-live") || main.contains(document.activeElement) || $("dialog[open]")) return;
    window.htmx.ajax("GET", location.href, { target: "#main", select: "#main", swap: "outerHTML" });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) leftAt = Date.now();
    else if (leftAt && Date.now() - leftAt > 10000 && navigator.onLine) refresh();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) refresh(); });

  /* --- light and dark */
  on("submit", "#site", (form, event) => {
    const button = event.submitter;
    if (!button || button.name !== "theme") return;
    event.preventDefault();
    const theme = button.value;
    if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
    document.cookie = `fairtag_theme=${theme}; path=/; max-age=${theme ? 31536000 : 0}; samesite=lax`;
    button.parentElement.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
  });

  /* --- search: suggestions and recent searches come with the first look at the field */
  on("submit", "form[action*='/logout/']", () => { try { localStorage.removeItem("fairtag_searches"); } catch { /* forbidden */ } });
  const query = $("#q");
  if (query) {
    query.addEventListener("focus", () => {
      const script = document.createElement("script");
      script.src = query.form.dataset.search;
      script.nonce = nonce;
      document.head.append(script);
    }, { once: true });
  }

  /* --- a row of chips: browsers leave a chip half out of sight that was partly in it */
  on("focusin", ".chips--row li", (chip) => chip.scrollIntoView({ block: "nearest", inline: "nearest" }));

  /* --- sort and filter: a sheet on phones. Tab stays inside, Back closes it */
  const facets = $("#facets");
  if (facets && facets.showPopover) {
    const isOpen = () => facets.matches(":popover-open");
    const here = () => location.pathname + location.search;
    let shown = here();
    facets.addEventListener("toggle", () => {
      if (isOpen()) {
        history.pushState({ sheet: true }, "");
        $("button, select", facets).focus();
      } else if (history.state && history.state.sheet) history.back();
    });
    addEventListener("popstate", (event) => {
      if (isOpen()) facets.hidePopover();
      if (!event.state && here() !== shown) location.reload();
    });
    document.addEventListener("htmx:beforeHistoryUpdate", (event) => { if (isOpen()) event.detail.history.type = "replace"; });
    document.addEventListener("htmx:replacedInHistory", () => { shown = here(); });
    facets.addEventListener("submit", (event) => {
      if (!isOpen()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      facets.hidePopover();
    }, true);
    facets.addEventListener("keydown", (event) => {
      if (event.key !== "Tab" || !isOpen()) return;
      const stops = [...facets.querySelectorAll("a, button, input:not([type=hidden]), select, summary")].filter((each) => each.checkVisibility());
      const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
      if (document.activeElement === from) { event.preventDefault(); to.focus(); }
    });
  }

  /* --- drawer and sheet */
  const closeDialog = (dialog) => { dialog.close(); };
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.detail.target;
    if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
    showSteppers();
  });
  on("click", "[data-close]", (button, event) => {
    const dialog = button.closest("dialog");
    if (dialog) { event.preventDefault(); closeDialog(dialog); }
  });
  on("click", "dialog", (dialog, event) => { if (event.target === dialog) closeDialog(dialog); });
  /* a swap takes the pressed button away: its successor gets the focus, so that Tab goes on here */
  let slot = "";
  on("click", "[data-slot] button", (button) => { slot = button.closest("[data-slot]").dataset.slot; });
  document.addEventListener("htmx:afterSettle", (event) => {
    const next = event.detail.target.id === "toast" && document.activeElement === document.body && document.getElementById(`more-${slot}`);
    if (next) next.focus();
  });
  on("click", ".toasts .close", () => $("#toast").replaceChildren());
  document.body.addEventListener("announce", (event) => say(event.detail.value));

  /* --- quantities */
  const showSteppers = () => document.querySelectorAll("[data-step][hidden]").forEach((button) => { button.hidden = false; });
  showSteppers();
  /* in a form of several parts Enter presses the button of its own part */
  on("keydown", "[data-enter]", (field, event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    document.getElementById(field.dataset.enter).click();
  });
  on("click", "[data-step]", (button) => {
    const field = $("input", button.parentElement);
    const next = Number(field.value || 0) + Number(button.dataset.step);
    const bounded = Math.min(Number(field.max || 99), Math.max(Number(field.min || 1), next));
    if (bounded === Number(field.value)) return;
    field.value = bounded;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  /* --- trouble is said, never swallowed */
  const offline = $(".offline");
  const mark = () => { offline.hidden = navigator.onLine; };
  addEventListener("online", mark);
  addEventListener("offline", mark);
  mark();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const status = event.detail.xhr.status;
    if (status === 409 || status === 422 || status === 429) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  const fail = (event) => {
    if (event.detail.target && event.detail.target.id === "suggest") return;
    const live = $("#live");
    say(live.dataset.trouble);
    live.className = "toast note note--bad";
    setTimeout(() => { live.className = "unseen"; }, 6000);
  };
  document.addEventListener("htmx:responseError", fail);
  document.addEventListener("htmx:sendError", () => { offline.hidden = false; });
})();
