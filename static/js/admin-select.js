// Select2 draws a box that has lost its field's label: screen readers get it back, whenever it is drawn.
window.addEventListener("DOMContentLoaded", () => {
  const name = (select) => {
    const label = document.querySelector(`label[for="${select.id}"]`);
    const box = select.parentElement.querySelector(".select2");
    if (!label || !box) return;
    label.id ||= `${select.id}_label`;
    const shown = box.querySelector(".select2-selection__rendered");
    shown?.removeAttribute("role");
    shown?.removeAttribute("aria-readonly");
    box.querySelector(".select2-selection")?.setAttribute("aria-labelledby", `${label.id} ${shown?.id ?? ""}`.trim());
    box.querySelector(".select2-search__field")?.setAttribute("aria-labelledby", label.id);
  };
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    name(select);
    new MutationObserver(() => name(select)).observe(select, { attributeFilter: ["class"] });
  }
});
