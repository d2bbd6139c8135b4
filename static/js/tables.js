// Tables that sort by a click on a heading (data-sortable) and that are taken away as CSV (data-export).
"use strict";

document.addEventListener("alpine:init", () => {
  const collator = new Intl.Collator("fr", { numeric: true, sensitivity: "base" });

  function cellText(cell) {
    return cell ? cell.textContent.replace(/\s+/g, " ").trim() : "";
  }

  /** Text in a form that sorts: data-value wins, then French numbers and dates, then text. */
  function sortKey(cell) {
    const text = cell && cell.dataset.value !== undefined ? cell.dataset.value : cellText(cell);
    const date = /^(\d{2})\/(\d{2})\/(\d{4})(.*)$/.exec(text);
    if (date) {
      return { text: `${date[3]}-${date[2]}-${date[1]}${date[4]}`, number: null };
    }
    const plain = text.replace(/[\s\u00a0\u202f%]/g, "").replace(",", ".");
    const number = plain !== "" && /^[-+]?\d*\.?\d+$/.test(plain) ? Number(plain) : null;
    return { text, number };
  }

  function compare(left, right) {
    if (left.number !== null && right.number !== null) {
      return left.number - right.number;
    }
    if (left.text === "" || right.text === "") {
      return left.text === right.text ? 0 : left.text === "" ? 1 : -1;
    }
    return collator.compare(left.text, right.text);
  }

  function sortBy(table, header, index) {
    const ascending = header.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) {
      if (other.hasAttribute("aria-sort")) {
        other.setAttribute("aria-sort", "none");
      }
    }
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    for (const body of table.tBodies) {
      const rows = Array.from(body.rows, (row) => ({ row, key: sortKey(row.cells[index]) }));
      rows.sort((a, b) => (ascending ? compare(a.key, b.key) : compare(b.key, a.key)));
      body.append(...rows.map((item) => item.row));
    }
  }

  /** A heading that only a screen reader hears is that of the column of buttons. */
  function isSeen(header) {
    return Array.from(header.childNodes).some((node) =>
      node.nodeType === Node.ELEMENT_NODE ? !node.classList.contains("sr-only") : node.textContent.trim() !== "",
    );
  }

  function makeSortable(table) {
    if (!table.tHead || table.tHead.rows.length !== 1) {
      return;
    }
    Array.from(table.tHead.rows[0].cells).forEach((header, index) => {
      if (header.hasAttribute("data-no-sort") || !isSeen(header) || header.querySelector("a, input, button")) {
        return;
      }
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort-button";
      button.append(...header.childNodes);
      header.append(button);
      header.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sortBy(table, header, index));
    });
  }

  /** A cell of a CSV that no spreadsheet takes for a formula. */
  function csvCell(text) {
    const risky = /^[=+@\t\r]/.test(text) || (/^-/.test(text) && !/^-[\d\s\u00a0\u202f.,]+%?$/.test(text));
    const safe = risky ? `'${text}` : text;
    return /[";\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  }

  function csvOf(table) {
    const lines = [];
    for (const row of table.rows) {
      const cells = Array.from(row.cells).filter((cell) => !cell.hasAttribute("data-no-export"));
      lines.push(cells.map((cell) => csvCell(cell.dataset.export !== undefined ? cell.dataset.export : cellText(cell))).join(";"));
    }
    return `\ufeff${lines.join("\r\n")}\r\n`;
  }

  function makeExportable(table) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-small";
    button.textContent = "Exporter ce tableau (CSV)";
    button.addEventListener("click", () => {
      const address = URL.createObjectURL(new Blob([csvOf(table)], { type: "text/csv;charset=utf-8" }));
      const link = document.createElement("a");
      link.href = address;
      link.download = `${table.dataset.export}.csv`;
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
    });
    const tools = document.createElement("div");
    tools.className = "table-tools";
    tools.append(button);
    const frame = table.closest(".table-scroll") || table;
    frame.before(tools);
  }

  Alpine.data("dataTable", () => ({
    init() {
      const table = this.$root;
      if (table.hasAttribute("data-sortable")) {
        makeSortable(table);
      }
      if (table.dataset.export) {
        makeExportable(table);
      }
    },
  }));
});
