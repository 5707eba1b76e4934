// One picture on the page: a NiiVue canvas, what it shows, a slider for its slices.

import { ask } from "./ask.js";

const SLICES = { axial: 0, coronal: 1, sagittal: 2 };
const AXIS = { sagittal: 0, coronal: 1, axial: 2 };
const THREE_PLANES = 3;
const OUTSIDE = "cursor is outside this volume";

function make(tag, name, parent) {
  const element = document.createElement(tag);
  element.className = name;
  parent.append(element);
  return element;
}

export class Panel {
  // onMove(panel, mm): the reader moved the cursor. onPick(panel): the reader chose this panel.
  constructor(parent, onMove, onPick) {
    this.element = make("figure", "panel", parent);
    const caption = make("figcaption", "", this.element);
    this.role = make("span", "rolename", caption);
    this.label = make("span", "label", caption);
    this.title = make("span", "name", caption);
    this.stage = make("div", "stage", this.element);
    this.canvas = make("canvas", "", this.stage);
    this.trouble = make("p", "trouble", this.stage);
    const foot = make("div", "foot", this.element);
    this.slider = make("input", "", foot);
    this.slider.type = "range";
    this.slider.min = 1;
    this.slider.setAttribute("aria-label", "Slice");
    this.count = make("output", "count", foot);
    this.where = make("span", "where", foot);
    this.volume = null;
    this.loading = null;
    this.onMove = onMove;
    this.slider.addEventListener("input", () => this.goTo(Number(this.slider.value)));
    this.element.addEventListener("pointerdown", () => onPick(this), true);
    this.ready = this.start();
  }

  async start() {
    this.nv = new niivue.Niivue({
      backColor: [0, 0, 0, 1],
      crosshairColor: [0.35, 0.85, 0.95, 0.8],
      crosshairGap: 6,
      crosshairWidth: 0.25,
      crosshairWidthUnit: "percent",
      dragAndDropEnabled: false,
      fontColor: [0.75, 0.78, 0.82, 1],
      fontSizeScaling: 0.3,
      fontMinPx: 11,
      isColorbar: false,
      isCornerOrientationText: false,
      isRadiologicalConvention: true,
      loadingText: "",
      logLevel: "error",
      multiplanarShowRender: 0,
      sagittalNoseLeft: true,
      show3Dcrosshair: false,
    });
    this.nv.opts.clipPlaneHotKey = this.nv.opts.viewModeHotKey = "";
    this.nv.opts.cycleClipPlaneHotKey = "";
    await this.nv.attachToCanvas(this.canvas, true);
    this.nv.onLocationChange = () => {
      if (this.loading || !this.volume) return;
      this.tellWhere();
      this.onMove(this, this.millimetres());
    };
  }

  // Ends when what was asked for last is shown, or cannot be.
  show(volume, role, cursorFor) {
    this.settled = this.load(volume, role, cursorFor);
    return this.settled;
  }

  // volume: {id, title, plane, frame, backwards, label}, role: its name or "",
  // cursorFor(volume): where the cursor of its frame of reference is, or null.
  async load(volume, role, cursorFor) {
    this.role.textContent = role;
    this.setLabel(volume.label);
    this.title.textContent = volume.title;
    this.canvas.setAttribute("aria-label", volume.title);
    if (this.volume?.id === volume.id) {
      if (cursorFor(volume)) this.follow(cursorFor(volume));
      return;
    }
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    this.volume = volume;
    this.saliency = null;
    this.element.classList.add("busy");
    this.trouble.textContent = "";
    try {
      await this.ready;
      const answer = await ask(`/volume/${volume.id}`, { signal: loading.signal });
      const buffer = await answer.arrayBuffer();
      if (this.loading !== loading) return;
      this.empty();
      await this.nv.addVolumeFromUrl({ url: "volume.nii", name: "volume.nii", buffer });
      if (this.loading !== loading) return;
      this.slices = this.nv.volumes[0].dimsRAS[AXIS[volume.plane] + 1];
      this.slider.max = this.slices;
      this.setPlanes(this.threePlanes);
      this.nv.scene.crosshairPos = [0.5, 0.5, 0.5];
      this.loading = null;
      const millimetres = cursorFor(volume);
      if (millimetres && this.holds(millimetres)) this.follow(millimetres);
      else this.goTo(Math.ceil(this.slices / 2), Boolean(millimetres));
    } catch (error) {
      if (error.name === "AbortError" || this.loading !== loading) return;
      this.loading = null;
      this.volume = { ...volume, broken: true };
      this.empty();
      this.trouble.textContent = error.message;
      this.count.textContent = this.where.textContent = "";
    } finally {
      if (!this.loading) this.element.classList.remove("busy");
    }
  }

  setLabel(label) {
    this.label.textContent = label;
    this.label.className = `label ${label}`;
  }

  empty() {
    while (this.nv.volumes.length) this.nv.removeVolumeByIndex(this.nv.volumes.length - 1);
  }

  shows() {
    return Boolean(this.volume && !this.loading && !this.volume.broken && this.nv.volumes.length);
  }

  millimetres() {
    return Array.from(this.nv.frac2mm(this.nv.scene.crosshairPos, 0, true)).slice(0, 3);
  }

  fractions(millimetres) {
    return this.nv.mm2frac([...millimetres, 1], 0, true);
  }

  holds(millimetres) {
    return Array.from(this.fractions(millimetres)).every((part) => part >= 0 && part <= 1);
  }

  // Put the cursor where another panel's is.
  follow(millimetres) {
    if (!this.shows()) return;
    this.nv.scene.crosshairPos = this.fractions(millimetres);
    this.nv.drawScene();
    this.tellWhere();
  }

  slice() {
    const part = this.nv.scene.crosshairPos[AXIS[this.volume.plane]];
    const counted = Math.min(this.slices, Math.max(1, Math.floor(part * this.slices) + 1));
    return this.volume.backwards ? this.slices + 1 - counted : counted;
  }

  // alone: the other panels and their cursor stay where they are.
  goTo(slice, alone = false) {
    if (!this.shows()) return;
    const axis = AXIS[this.volume.plane];
    const held = Math.min(this.slices, Math.max(1, slice));
    const counted = this.volume.backwards ? this.slices + 1 - held : held;
    const position = Array.from(this.nv.scene.crosshairPos);
    position[axis] = (counted - 0.5) / this.slices;
    this.nv.scene.crosshairPos = position;
    this.nv.drawScene();
    this.tellWhere();
    if (!alone) this.onMove(this, this.millimetres());
  }

  step(by) {
    if (this.shows()) this.goTo(this.slice() + by);
  }

  tellWhere() {
    const millimetres = this.millimetres();
    const inside = this.holds(millimetres);
    this.slider.value = this.slice();
    this.count.textContent = `${this.slice()}/${this.slices}`;
    const [right, anterior, superior] = millimetres.map((part) => Math.round(part));
    const words = [
      `${Math.abs(right)} ${right < 0 ? "L" : "R"}`,
      `${Math.abs(anterior)} ${anterior < 0 ? "P" : "A"}`,
      `${Math.abs(superior)} ${superior < 0 ? "I" : "S"}`,
    ];
    this.where.textContent = inside ? `${words.join(" ")} mm` : OUTSIDE;
    this.element.classList.toggle("outside", !inside);
    this.element.dataset.mm = millimetres.map((part) => part.toFixed(1)).join(" ");
  }

  setPlanes(three) {
    this.threePlanes = three;
    if (!this.shows() && !this.nv?.volumes.length) return;
    this.nv.setSliceType(three ? THREE_PLANES : SLICES[this.volume.plane]);
  }

  resetWindow() {
    if (!this.shows()) return;
    const image = this.nv.volumes[0];
    [image.cal_min, image.cal_max] = [image.robust_min, image.robust_max];
    this.nv.setPan2Dxyzmm([0, 0, 0, 1]);
    this.nv.updateGLVolume();
  }

  hideSaliency() {
    if (this.saliency && this.nv.volumes.length > 1) this.nv.removeVolumeByIndex(1);
    this.saliency = null;
  }

  // What the server found; null where the reader has gone on to another volume meanwhile.
  async showSaliency() {
    const id = this.volume.id;
    const found = await (await ask(`/saliency/${id}`)).json();
    if (this.volume?.id !== id || !this.shows()) return null;
    this.hideSaliency();
    const buffer = Uint8Array.from(atob(found.nifti), (letter) => letter.charCodeAt(0)).buffer;
    const limit = Math.max(found.largest, 1e-6);
    await this.nv.addVolumeFromUrl({
      url: "saliency.nii",
      name: "saliency.nii",
      buffer,
      cal_max: limit,
      cal_min: 0.3 * limit,
      colormap: "warm",
      colormapNegative: "winter",
      opacity: 0.45,
    });
    this.saliency = found;
    return found;
  }
}
