// "Use my location": fills the two hidden fields of the form and sends it. Shown only when the browser can tell.
const form = document.getElementById("locate");
if (form && "geolocation" in navigator) {
  form.hidden = false;
  const button = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    if (form.elements.lat.value) return;
    event.preventDefault();
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.lat.value = coords.latitude.toFixed(5);
        form.elements.lng.value = coords.longitude.toFixed(5);
        button.disabled = false;
        form.submit();
      },
      () => {
        button.disabled = false;
        document.dispatchEvent(new CustomEvent("linli:toast", { detail: form.dataset.failed }));
      },
      { enableHighAccuracy: true, timeout: 8000, maximumAge: 300000 });
  });
}
