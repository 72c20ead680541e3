// Quantity buttons without leaving the page. Each button belongs to the plain form #cart-form and carries
// name="set" value="sku:quantity"; without this module the form posts and the page comes back. With it the same
// request is sent in the background and the page's parts that depend on the cart are taken from the answer.
const form = document.getElementById("cart-form");
const parts = ["cart-bar", "cart-side", "cart-count-top", "cart-count-tab", "cart-body"];

function take(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const id of parts) {
    const old = document.getElementById(id), now = fresh.getElementById(id);
    if (old && now) old.replaceWith(document.adoptNode(now));
  }
  for (const now of fresh.querySelectorAll(".step[id]")) {
    const old = document.getElementById(now.id);
    if (old && old.outerHTML !== now.outerHTML) old.replaceWith(document.adoptNode(now));
  }
  return fresh;
}

let queue = Promise.resolve();
form?.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || button.name !== "set") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, button));
  const holder = button.closest(".step")?.id, label = button.getAttribute("aria-label");
  button.disabled = true;
  queue = queue.then(async () => {
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "x-linli-part": "1" } });
      const fresh = take(await answer.text());
      const message = fresh.querySelector("[data-toast]")?.textContent;
      if (message) document.dispatchEvent(new CustomEvent("linli:toast", { detail: message }));
      if (!answer.ok && !message) location.reload();
    } catch { form.requestSubmit ? (button.disabled = false) : location.reload(); }
    const next = holder && document.getElementById(holder);
    const same = next && [...next.querySelectorAll("button")];
    (same?.find((b) => b.getAttribute("aria-label") === label) ?? same?.at(-1))?.focus();
  });
});
