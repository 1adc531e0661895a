// Parts of a case that are asked for when the page is there, and small helps; all works by keyboard.
import { live } from "./trail.js";

async function load(part, wallet) {
  const body = new URLSearchParams({ csrf: part.dataset.csrf });
  if (wallet) body.set("wallet", wallet);
  part.ariaBusy = "true";
  try {
    const answer = await fetch(part.dataset.load, { method: "POST", body });
    if (!answer.ok) throw new Error(await told(answer));
    // a fragment that our server made of a template: it holds no script, and the policy runs none
    part.innerHTML = await answer.text();
  } catch (error) {
    const line = document.createElement("p");
    line.className = "note bad";
    line.textContent = `This part could not be loaded: ${error.message}`;
    const again = document.createElement("button");
    again.type = "button";
    again.className = "plain";
    again.textContent = "Try again";
    again.addEventListener("click", () => load(part, wallet));
    part.replaceChildren(line, again);
  }
  part.ariaBusy = "false";
  const graph = part.querySelector("[data-trail]");
  if (graph) live(graph, part);
  for (const button of part.querySelectorAll("[data-follow]")) {
    button.addEventListener("click", () => follow(part, button.dataset.follow));
  }
}

async function follow(part, wallet) {
  await load(part, wallet);
  part.querySelector("[data-node]")?.focus({ preventScroll: true });
}

async function told(answer) {
  if (answer.status === 401) return "the session has ended: reload the page and sign in";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("[role=alert]")?.textContent ?? `status ${answer.status}`;
}

for (const part of document.querySelectorAll("[data-load]")) load(part);

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  });
}
