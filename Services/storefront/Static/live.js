// Live pages. <main data-stream="/streams/me" data-live="order-live" data-match="ord_…"> names an event stream and the
// element to renew; on a matching event the page is fetched again and that element replaced. Without this module
// the page shows a link that reloads it.
const root = document.querySelector("[data-stream]");
const lamp = document.getElementById("live-lamp");
let waiting = false, again = false;

async function renew() {
  if (waiting) { again = true; return; }
  waiting = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of root.dataset.live.split(" ")) {
        const old = document.getElementById(id), now = fresh.getElementById(id);
        if (!old || !now || old.innerHTML === now.innerHTML) continue;
        const typed = old.contains(document.activeElement) ? document.activeElement.id : "";
        old.replaceWith(document.adoptNode(now));
        if (typed) document.getElementById(typed)?.focus();
      }
    }
  } catch { /* the next event or reconnection tries again */ }
  waiting = false;
  if (again) { again = false; renew(); }
}

// A page that nobody looks at gives its connection back (browsers have six for a site) and takes it up again when it
// is looked at; a board that calls for its people (data-chime) goes on listening.
if (root && "EventSource" in window) {
  const { match, chime } = root.dataset;
  let source;
  const heard = (event) => { if (!match || (event.data ?? "").includes(match)) renew(); };
  const show = (on) => { lamp?.classList.toggle("on", on); if (lamp) lamp.textContent = on ? lamp.dataset.on : lamp.dataset.off; };
  const paid = () => {
    if (document.hidden) document.title = "● " + document.title.replace(/^● /, "");
    document.dispatchEvent(new CustomEvent("linli:toast", { detail: chime }));
  };
  const open = () => {
    source = new EventSource(root.dataset.stream);
    source.onmessage = heard;
    for (const move of (root.dataset.events ?? "").split(" ")) if (move) source.addEventListener(move, heard);
    if (chime) source.addEventListener("order.paid", paid);
    // What happened while nobody listened is on the page that is fetched now.
    source.onopen = () => { show(true); renew(); };
    source.onerror = () => show(false);
  };
  const close = () => { source?.close(); source = undefined; show(false); };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { if (!chime) close(); return; }
    document.title = document.title.replace(/^● /, "");
    if (source && source.readyState !== EventSource.CLOSED) renew(); else open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", () => { if (!source && !(document.hidden && !chime)) open(); });
}
