// What scripts of the administration draw without a name gets one: screen readers say it.
window.addEventListener("load", () => {
  // Select2 draws a box that has lost its field's label.
  const name = (select) => {
    const label = document.querySelector(`label[for="${select.id}"]`);
    const box = select.parentElement.querySelector(".select2");
    if (!box || !(label || select.ariaLabel)) return;
    const shown = box.querySelector(".select2-selection__rendered");
    shown?.removeAttribute("role");
    shown?.removeAttribute("aria-readonly");
    if (label) label.id ||= `${select.id}_label`;
    for (const part of box.querySelectorAll(".select2-selection, .select2-search__field")) {
      if (label) part.setAttribute("aria-labelledby", part === shown?.parentElement ? `${label.id} ${shown.id}` : label.id);
      else part.setAttribute("aria-label", select.ariaLabel);
      if (!label) part.removeAttribute("aria-labelledby");
    }
  };
  const watch = (within) => {
    for (const select of within.querySelectorAll("select.admin-autocomplete")) {
      name(select);
      new MutationObserver(() => name(select)).observe(select, { attributeFilter: ["class"] });
    }
  };
  watch(document);
  document.addEventListener("formset:added", (event) => watch(event.target));
  for (const icon of document.querySelectorAll("span.help-tooltip[aria-label]:not([role])")) icon.role = "img";
});
