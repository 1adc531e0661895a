// The graph of a money trail: zoom, pan, and the keyboard. Clicks are followed by desk.js.
const STEP = 1.3;
const CLICK = 5; // pixels that a pointer may move in a click

export function live(graph, part) {
  graph.classList.add("live");
  const [left, top, width, height] = graph.dataset.limits.split(" ").map(Number);
  const [x, y] = graph.dataset.centre.split(" ").map(Number);
  const nodes = [...graph.querySelectorAll("[data-node]")];
  const edges = [...graph.querySelectorAll(".edge")];
  const view = { x: left, y: top, scale: 1 };

  // as high as it needs, where that leaves room for the page
  const wanted = height * Math.min(graph.getBoundingClientRect().width / width, 1.15) + 16;
  graph.style.height = `${Math.min(Math.max(wanted, 200), 0.66 * window.innerHeight, 680)}px`;
  const show = () => {
    const box = graph.getBoundingClientRect();
    graph.setAttribute("viewBox",
      `${view.x} ${view.y} ${box.width / view.scale} ${box.height / view.scale}`);
  };
  const fitting = () => {
    const box = graph.getBoundingClientRect();
    return Math.min(box.width / width, box.height / height, 1.15);
  };
  const centre = (at, scale) => {
    const box = graph.getBoundingClientRect();
    view.scale = scale;
    view.x = at.x - box.width / scale / 2;
    view.y = at.y - box.height / scale / 2;
    show();
  };
  const fit = () => centre({ x: left + width / 2, y: top + height / 2 }, fitting());
  const zoom = (factor, at) => {
    const box = graph.getBoundingClientRect();
    const scale = Math.min(Math.max(view.scale * factor, 0.1), 4);
    const held = at ?? { x: box.width / 2, y: box.height / 2 };
    view.x += held.x / view.scale - held.x / scale;
    view.y += held.y / view.scale - held.y / scale;
    view.scale = scale;
    show();
  };
  // texts are read at three quarters of their size at least: what does not fit then is panned to
  if (fitting() >= 0.75) fit();
  else centre({ x, y }, 0.85);

  const buttons = part.querySelector(".zoom");
  buttons.hidden = false;
  buttons.addEventListener("click", (event) => {
    const way = event.target.dataset.zoom;
    if (way === "in") zoom(STEP);
    if (way === "out") zoom(1 / STEP);
    if (way === "fit") fit();
  });
  graph.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    event.preventDefault();
    const box = graph.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    zoom(event.deltaY < 0 ? 1.12 : 1 / 1.12, at);
  }, { passive: false });

  let grabbed = null;
  graph.addEventListener("pointerdown", (event) => {
    grabbed = { x: event.clientX, y: event.clientY, from: { ...view }, moved: false };
  });
  graph.addEventListener("pointermove", (event) => {
    if (!grabbed || !event.buttons) return;
    const [dx, dy] = [event.clientX - grabbed.x, event.clientY - grabbed.y];
    if (!grabbed.moved && Math.hypot(dx, dy) > CLICK) {
      grabbed.moved = true;
      graph.setPointerCapture(event.pointerId);
    }
    if (!grabbed.moved) return;
    view.x = grabbed.from.x - dx / view.scale;
    view.y = grabbed.from.y - dy / view.scale;
    show();
  });
  graph.addEventListener("click", (event) => {
    if (grabbed?.moved) event.stopPropagation(); // it was a drag
  }, { capture: true });

  // all ways through a node, both ways, stand out while it has the pointer or the focus
  const through = (number) => {
    const lit = new Set([number]);
    for (const [from, to] of [["from", "to"], ["to", "from"]]) {
      const waiting = [number];
      const met = new Set(waiting);
      while (waiting.length) {
        const at = waiting.pop();
        for (const edge of edges) {
          if (edge.dataset[from] !== at) continue;
          edge.classList.add("lit");
          if (!met.has(edge.dataset[to])) { met.add(edge.dataset[to]); waiting.push(edge.dataset[to]); }
        }
      }
      met.forEach((one) => lit.add(one));
    }
    return lit;
  };
  const light = (node) => {
    for (const edge of edges) edge.classList.remove("lit");
    const lit = node ? through(node.dataset.node) : null;
    graph.classList.toggle("dimmed", Boolean(node));
    for (const one of nodes) one.classList.toggle("lit", Boolean(lit?.has(one.dataset.node)));
  };
  const into = (node) => {
    const box = node.getBoundingClientRect();
    const frame = graph.getBoundingClientRect();
    if (box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom) return;
    const at = node.querySelector("rect").getBBox();
    centre({ x: at.x + at.width / 2, y: at.y + at.height / 2 }, view.scale);
  };
  const go = (node) => {
    for (const one of nodes) one.tabIndex = one === node ? 0 : -1;
    node.focus({ preventScroll: true });
    into(node);
  };
  const beside = (node, step) => {
    const column = Number(node.dataset.column) + step;
    const there = nodes.filter((one) => Number(one.dataset.column) === column);
    const far = (one) => Math.abs(Number(one.dataset.y) - Number(node.dataset.y));
    return there.sort((one, other) => far(one) - far(other))[0];
  };
  const below = (node, step) => {
    const column = nodes.filter((one) => one.dataset.column === node.dataset.column)
      .sort((one, other) => Number(one.dataset.y) - Number(other.dataset.y));
    return column[column.indexOf(node) + step];
  };
  graph.addEventListener("keydown", (event) => {
    const node = event.target.closest("[data-node]");
    if (!node) return;
    const next = {
      ArrowLeft: () => beside(node, -1), ArrowRight: () => beside(node, 1),
      ArrowUp: () => below(node, -1), ArrowDown: () => below(node, 1), Home: () => nodes[0],
    }[event.key];
    if (next) {
      event.preventDefault();
      const found = next();
      if (found) go(found);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      node.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    } else if (event.key === "+" || event.key === "-" || event.key === "0") {
      if (event.key === "0") fit(); else zoom(event.key === "+" ? STEP : 1 / STEP);
    }
  });
  for (const node of nodes) {
    node.addEventListener("focus", () => light(node));
    node.addEventListener("blur", () => light(null));
    node.addEventListener("pointerenter", () => light(node));
    node.addEventListener("pointerleave", () => light(null));
  }
}
