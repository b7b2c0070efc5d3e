"use strict";
// Tables of the class `sortable` sort their rows by the column whose heading is clicked. A cell's
// `data-value` is its number; cells without a value stay last.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const valueOf = (row, place) => row.cells[place].dataset.value ?? row.cells[place].textContent.trim();
  const compare = (one, other) => {
    const difference = Number(one) - Number(other);
    return Number.isNaN(difference) ? one.localeCompare(other, "en", {numeric: true}) : difference;
  };
  heads.forEach((head, place) => head.querySelector("button")?.addEventListener("click", () => {
    const first = head.dataset.first ?? "ascending";
    const turned = first === "ascending" ? "descending" : "ascending";
    const order = head.ariaSort === first ? turned : first;
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.ariaSort = order;
    const sign = order === "ascending" ? 1 : -1;
    const rows = [...body.rows].map((row) => [valueOf(row, place), row]);
    rows.sort(([one], [other]) =>
      one === "" || other === "" ? (one === "") - (other === "") : sign * compare(one, other));
    body.append(...rows.map(([, row]) => row));
  }));
}
