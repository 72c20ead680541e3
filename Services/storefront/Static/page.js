// On every page: messages that come and go, forms that cannot be sent twice, selects that send their form.
const shelf = document.getElementById("toasts");
document.addEventListener("linli:toast", ({ detail }) => {
  if (!shelf) return;
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = detail;
  shelf.append(toast);
  setTimeout(() => toast.remove(), 4500);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.id === "cart-form") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 8000);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-send]")) event.target.form.requestSubmit();
});
addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });
const clock = document.querySelector("[data-until]");
if (clock) {
  const end = Date.parse(clock.dataset.until);
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}
