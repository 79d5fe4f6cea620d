/* Sort and filter tables of class "sortable". Without scripts they stay as they are. */
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], rows = [...body.rows];
  const key = (row, place) => {
    const cell = row.cells[place], number = cell && cell.querySelector("data");
    return number ? Number(number.getAttribute("value")) : cell ? cell.textContent.trim() : "";
  };
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = [...rows].sort((a, b) => {
        const x = key(a, place), y = key(b, place);
        const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
        return down ? -order : order;
      });
      body.append(...sorted);
    });
  });
  const label = document.createElement("label"), field = document.createElement("input");
  label.className = "filter";
  field.type = "search";
  label.append("Show rows with ", field);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  });
  table.parentNode.before(label);
}
