"use strict";
// Filters the checkpoints, and shows the curves of the trainings whose rows are left or ticked.
{
  const form = document.getElementById("filter");
  const table = document.getElementById("checkpoints");
  const rows = [...table.tBodies[0].rows];
  const box = (row) => row.querySelector("input[type=checkbox]");

  const checked = (name) =>
    new Set([...form.querySelectorAll(`input[name=${name}]:checked`)].map((each) => each.value));

  // The first stage has neither optimizer nor epoch, and stays as what all others start from.
  const isLeft = (row, choice) =>
    choice.model.has(row.dataset.model)
    && (!row.dataset.training
      || (choice.optimizer.has(row.dataset.optimizer)
        && choice.epoch.has(row.dataset.epoch)
        && (!choice.chosen || "chosen" in row.dataset)))
    && isInRange(row, choice);

  const isInRange = (row, {group, measure, least, most}) => {
    if (least === "" && most === "") return true;
    const cell = [...row.querySelectorAll(`td[data-column="${measure}"]`)]
      .find((each) => (each.dataset.group ?? group) === group);
    return cell.dataset.value !== ""
      && (least === "" || Number(cell.dataset.value) >= Number(least))
      && (most === "" || Number(cell.dataset.value) <= Number(most));
  };

  const showCurves = (trainings) => {
    for (const root of Bokeh.documents.flatMap((each) => each.roots())) {
      for (const renderer of root.renderers) {
        if (renderer.tags.length) renderer.visible = trainings.has(renderer.tags[0]);
      }
    }
    const items = [...document.querySelectorAll(".legend li")];
    for (const item of items) item.hidden = !trainings.has(item.dataset.training);
    document.getElementById("shown").textContent =
      `Curves of ${trainings.size} of ${items.length} trainings.`;
  };

  const update = () => {
    const choice = {
      ...Object.fromEntries(["model", "optimizer", "epoch"].map((name) => [name, checked(name)])),
      chosen: form.elements.chosen.checked,
      group: form.elements.group.value,
      measure: form.elements.measure.value,
      least: form.elements.least.value,
      most: form.elements.most.value,
    };
    for (const cell of table.querySelectorAll("[data-group]")) {
      cell.hidden = cell.dataset.group !== choice.group;
    }
    for (const row of rows) {
      row.hidden = !isLeft(row, choice);
      row.classList.toggle("picked", Boolean(box(row)?.checked));
    }
    const left = rows.filter((row) => !row.hidden);
    const picked = left.filter((row) => box(row)?.checked);
    const curves = (picked.length ? picked : left).map((row) => row.dataset.training);
    document.getElementById("count").textContent =
      `${left.length} of ${rows.length} rows, ${picked.length} ticked.`;
    showCurves(new Set(curves.filter(Boolean)));
  };

  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    for (const row of rows) if (box(row)) box(row).checked = false;
    setTimeout(update);
  });
  table.addEventListener("change", update);
  table.tBodies[0].addEventListener("click", (event) => {
    const ticked = box(event.target.closest("tr"));
    if (!ticked || event.target === ticked) return;
    ticked.checked = !ticked.checked;
    update();
  });
  // A finger that scrolls past a plot must not zoom into it.
  const letScroll = () => {
    if (!matchMedia("(pointer: coarse)").matches) return;
    for (const root of Bokeh.documents.flatMap((each) => each.roots())) {
      for (const tool of root.toolbar.tools) {
        if (tool.type === "BoxZoomTool") tool.active = false;
      }
    }
  };
  // Bokeh draws once the page has been read, in the order in which its listeners were added.
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => {
    letScroll();
    update();
  }));
}
