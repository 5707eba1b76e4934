// The reader's view: which volume is chosen, which panels are shown, and what keys do.

import { ask, tell } from "./ask.js";
import { Panel } from "./panel.js";

const MOST_PANELS = 8;
const PAGE = 5;
const byId = (id) => document.getElementById(id);
const study = Number(document.body.dataset.study);
const single = new Panel(byId("panels"), moved, picked);
const beside = []; // panels of roles, made when first shown
const state = { id: null, alone: false, roles: false, planes: false };
const cursors = new Map(); // frame of reference -> millimetres; "" where it is not known

function shown() {
  return new Map(
    [...document.querySelectorAll("#list .shown")].map((one) => {
      const { title, plane, frame } = one.dataset;
      const item = one.closest(".item");
      const { label } = item.dataset;
      const backwards = "backwards" in one.dataset;
      return [one.value, { id: one.value, title, plane, frame, label, backwards, item }];
    }),
  );
}

function rolePicks() {
  return [...document.querySelectorAll("#list .role-list .pick")].slice(0, MOST_PANELS);
}

function panels() {
  return state.roles ? beside.filter((panel) => !panel.element.hidden) : [single];
}

function current() {
  return panels().find((panel) => panel.volume?.id === state.id) ?? panels()[0];
}

// Coordinates match in one frame of reference, and are taken to match where it is not known.
function linked(one, other) {
  return one === other || one === "" || other === "";
}

function moved(panel, millimetres) {
  cursors.set(panel.volume.frame, millimetres);
  for (const other of panels())
    if (other !== panel && other.shows() && linked(other.volume.frame, panel.volume.frame))
      other.follow(millimetres);
}

function picked(panel) {
  if (panel.volume && panel.volume.id !== state.id) choose(panel.volume.id);
}

function cursorFor(volume) {
  const frame = [volume.frame, "", ...(volume.frame ? [] : cursors.keys())].find((one) => cursors.has(one));
  return cursors.get(frame) ?? null;
}

async function draw() {
  const volumes = shown();
  byId("side-by-side").setAttribute("aria-pressed", state.roles);
  byId("planes").setAttribute("aria-pressed", state.planes);
  byId("panels").className = state.roles ? `many of-${rolePicks().length}` : "";
  single.element.hidden = state.roles;
  const wanted = state.roles ? rolePicks() : [];
  while (beside.length < wanted.length) beside.push(new Panel(byId("panels"), moved, picked));
  beside.forEach((panel, place) => (panel.element.hidden = place >= wanted.length));
  const work = wanted.map((pick, place) => {
    const volume = volumes.get(pick.dataset.volume);
    return beside[place].show(volume, pick.dataset.role, cursorFor);
  });
  const volume = volumes.get(state.id);
  if (!state.roles && volume) work.push(single.show(volume, "", cursorFor));
  for (const panel of panels()) panel.element.classList.toggle("chosen", panel.volume?.id === state.id);
  tellSaliency();
  await Promise.all(work);
  for (const panel of panels()) if (panel.threePlanes !== state.planes) panel.setPlanes(state.planes);
}

function mark() {
  const volume = shown().get(state.id);
  for (const pick of document.querySelectorAll("#list .pick")) {
    const inRow = pick.closest(".item") === volume?.item && !state.alone;
    const chosen = pick.dataset.volume === state.id || inRow;
    pick.setAttribute("aria-current", chosen && ("alone" in pick.dataset ? state.alone : true));
  }
  for (const story of document.querySelectorAll("#evidence .story"))
    story.hidden = story.dataset.item !== volume?.item.dataset.item;
  for (const button of document.querySelectorAll("#labels [data-label]"))
    button.setAttribute("aria-pressed", button.dataset.label === volume?.label);
}

function scrollToChosen() {
  shown().get(state.id)?.item.scrollIntoView({ block: "nearest" });
}

// alone: one of the volumes of a folded row, not the row.
async function choose(id, alone = false) {
  const fills = rolePicks().some((pick) => pick.dataset.volume === id);
  if (state.roles && !fills) state.roles = false;
  [state.id, state.alone] = [id, alone];
  byId("said").textContent = "";
  mark();
  await draw();
}

function go(by) {
  const picks = state.roles
    ? rolePicks()
    : [...document.querySelectorAll("#list .volumes .item > .pick")];
  const item = shown().get(state.id)?.item;
  const at = picks.findIndex((pick) =>
    state.roles ? pick.dataset.volume === state.id : pick.closest(".item") === item,
  );
  const next = picks[Math.min(picks.length - 1, Math.max(0, at + by))];
  if (next) choose(next.dataset.volume);
  if (!state.roles) scrollToChosen();
}

function goToNextOpen() {
  const items = [...document.querySelectorAll("#list .volumes .item")];
  const at = items.indexOf(shown().get(state.id)?.item);
  const ahead = [...items.slice(at + 1), ...items.slice(0, at)];
  const next = ahead.find((item) => !item.classList.contains("by-hand"));
  if (next) {
    choose(next.querySelector(".pick").dataset.volume);
    scrollToChosen();
  } else say("Every other volume is confirmed or corrected.");
}

function say(words, isTrouble = false) {
  byId("said").textContent = words;
  byId("said").classList.toggle("alarm", isTrouble);
}

async function renew() {
  const text = await (await ask(`/study/${study}`)).text();
  const made = new DOMParser().parseFromString(text, "text/html");
  const open = [...document.querySelectorAll("#list details")].map((one) => one.open);
  for (const id of ["list", "evidence"]) byId(id).replaceChildren(...made.getElementById(id).children);
  document.querySelectorAll("#list details").forEach((one, place) => (one.open = open[place] ?? one.open));
  mark();
  for (const panel of panels()) {
    const volume = panel.volume && shown().get(panel.volume.id);
    if (volume) panel.setLabel(volume.label);
  }
  await draw();
}

// One at a time, in the order in which keys were pressed.
let saying = Promise.resolve();
function once(work) {
  saying = saying.then(work).catch((error) => say(error.message, true));
  return saying;
}

function setLabel(label) {
  const volume = shown().get(state.id);
  if (!volume) return;
  const row = [...volume.item.querySelectorAll(".shown")].map((one) => one.value);
  const volumes = state.alone ? [state.id] : row;
  once(async () => {
    const answer = await tell("/label", { study, volumes, label });
    await renew();
    say(answer.said);
  });
}

function takeBack() {
  once(async () => {
    const answer = await tell("/take-back", {});
    if (answer.study === study) {
      await renew();
      await choose(answer.volumes[0]);
    }
    say(answer.study === null || answer.study === study ? answer.said : `${answer.said}, in study ${answer.study}`);
  });
}

function tellSaliency() {
  const panel = current();
  byId("saliency")?.setAttribute("aria-pressed", Boolean(panel?.saliency));
  byId("words").textContent = panel?.saliency?.words ?? "";
}

async function toggleSaliency() {
  const panel = current();
  if (!byId("saliency")) return;
  await panel.settled;
  if (!panel.shows()) return;
  if (panel.saliency) {
    panel.hideSaliency();
    tellSaliency();
    return;
  }
  byId("words").textContent = "Asking the network with one block after another greyed out…";
  panel.element.classList.add("busy");
  try {
    await panel.showSaliency();
    tellSaliency();
  } catch (error) {
    byId("words").textContent = error.message;
  } finally {
    panel.element.classList.remove("busy");
  }
}

function toggleRoles() {
  if (!rolePicks().length) {
    byId("words").textContent = "No role of this study is filled.";
    return;
  }
  state.roles = !state.roles;
  const fills = rolePicks().some((pick) => pick.dataset.volume === state.id);
  if (state.roles && !fills) state.id = rolePicks()[0].dataset.volume;
  mark();
  draw();
}

function togglePlanes() {
  state.planes = !state.planes;
  draw();
}

const KEYS = {
  ArrowUp: () => current()?.step(-1),
  ArrowDown: () => current()?.step(1),
  PageUp: () => current()?.step(-PAGE),
  PageDown: () => current()?.step(PAGE),
  ArrowLeft: () => go(-1),
  ArrowRight: () => go(1),
  Enter: () => byId("confirm").click(),
  r: toggleRoles,
  p: togglePlanes,
  s: toggleSaliency,
  w: () => panels().forEach((panel) => panel.resetWindow()),
  z: takeBack,
  n: goToNextOpen,
};

function onKey(event) {
  if (event.target.tagName === "CANVAS") event.stopImmediatePropagation(); // NiiVue has keys too
  if (event.type !== "keydown" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.tagName === "SELECT") return;
  if (event.key === "Enter" && event.target.closest?.("button, a, summary")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const label = document.querySelectorAll("#labels [data-label]")[Number(key) - 1];
  const act = KEYS[key] ?? (label && /^[1-9]$/.test(key) ? () => setLabel(label.dataset.label) : null);
  if (!act || (event.repeat && !key.startsWith("Arrow") && !key.startsWith("Page"))) return;
  event.preventDefault();
  act();
}

window.addEventListener("keydown", onKey, true);
window.addEventListener("keyup", onKey, true);
document.addEventListener("click", (event) => {
  const pick = event.target.closest("#list .pick");
  if (pick) choose(pick.dataset.volume, "alone" in pick.dataset);
  const label = event.target.closest("#labels [data-label]");
  if (label) setLabel(label.dataset.label);
  event.target.closest("button")?.blur(); // so that Enter confirms, and does not press it again
});
byId("confirm").addEventListener("click", () => setLabel(shown().get(state.id)?.label));
byId("take-back").addEventListener("click", takeBack);
byId("next").addEventListener("click", goToNextOpen);
byId("side-by-side").addEventListener("click", toggleRoles);
byId("planes").addEventListener("click", togglePlanes);
byId("saliency")?.addEventListener("click", toggleSaliency);
byId("window").addEventListener("click", KEYS.w);
byId("studies")?.addEventListener("change", (event) => location.assign(`/?study=${event.target.value}`));

state.roles = rolePicks().length > 1;
choose((rolePicks()[0] ?? document.querySelector("#list .pick")).dataset.volume);
