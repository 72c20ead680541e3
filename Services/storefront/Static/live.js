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

if (root && "EventSource" in window) {
  const source = new EventSource(root.dataset.stream);
  const match = root.dataset.match;
  const heard = (event) => { if (!match || (event.data ?? "").includes(match)) renew(); };
  source.onmessage = heard;
  for (const move of (root.dataset.events ?? "").split(" ")) if (move) source.addEventListener(move, (event) => {
    heard(event);
    if (move === "order.paid" && root.dataset.chime) {
      document.title = "● " + document.title.replace(/^● /, "");
      document.dispatchEvent(new CustomEvent("linli:toast", { detail: root.dataset.chime }));
    }
  });
  source.onopen = () => { lamp?.classList.add("on"); if (lamp) lamp.textContent = lamp.dataset.on; renew(); };
  source.onerror = () => { lamp?.classList.remove("on"); if (lamp) lamp.textContent = lamp.dataset.off; };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { document.title = document.title.replace(/^● /, ""); renew(); } });
  addEventListener("pagehide", () => source.close());
}
