// The page: pads, sliders and pictures of the models that "shown" describes. One place z in the latent space for all of them.
const shown = JSON.parse(document.getElementById("shown").textContent);
const { models, latent, reach } = shown;
const DRAWS = 9, ACROSS = 3; // pictures of the other layers' draws, as a square
const NEAR = { mouse: 6, touch: 14, pen: 8 }; // px between the pointer and the dot that is meant
const SPEED = 1.5; // of a path that is played, units of z in a second
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];
const inWords = (value) => (Math.abs(value) < 0.005 ? 0 : value).toFixed(2).replace("-", "−");
const coordinates = (layer) => `(${layer.map(inWords).join(", ")})`;

let kept = models[0].codes.map((codes) => [...codes[0]]); // the place to which z returns when the pointer leaves
let z = kept.map((layer) => [...layer]);
let active = 0; // the layer that was moved last
let chosen = 0; // number of the image that was clicked
let others = "held";
let draws = []; // of each layer
let path = { layer: 0, points: [] };
let playing = null; // when the path began, ms
let decoders = [];
const axes = latent.map(() => [0, 1]); // the dimensions of each pad

// === From z to pictures ===

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

function drawn() {
  return latent.map((size) => Array.from({ length: DRAWS }, () => Array.from({ length: size }, normal)));
}

// What a model decodes now, n x dimensions of each layer.
function codesOf(model) {
  return z.map((layer, number) => {
    if (others === "drawn") return number === active ? Array(DRAWS).fill(layer) : draws[number];
    if (others === "image" && number !== active) return [model.codes[number][chosen]];
    return [layer];
  });
}

// Pictures as they come from a decoder, `across` in a row.
function paint(canvas, values, [height, width, channels], across = 1) {
  canvas.width = width * across;
  canvas.height = height * across;
  const image = new ImageData(canvas.width, canvas.height), size = height * width;
  for (let pixel = 0; pixel < values.length / channels; pixel++) {
    const picture = Math.floor(pixel / size), inside = pixel % size;
    const row = Math.floor(picture / across) * height + Math.floor(inside / width);
    const column = (picture % across) * width + (inside % width), at = 4 * (row * canvas.width + column);
    for (let colour = 0; colour < 3; colour++) image.data[at + colour] = Math.round(255 * values[pixel * channels + (colour % channels)]);
    image.data[at + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const pictures = all(".desk .picture"), outputs = all("output"), sliders = all("input[type=range]");

function show() {
  const codes = models.map(codesOf);
  models.forEach((model, number) => {
    paint(pictures[number], decode(decoders[number], codes[number]), model.shape, others === "drawn" ? ACROSS : 1);
  });
  const rounded = (layers) => layers.map((rows) => rows.map((row) => row.map((value) => Number(value.toFixed(4)))));
  byId("code").value = JSON.stringify(models.map(({ model, run }, number) => ({ model, run, z: rounded(codes[number]) })));
  for (const output of outputs) output.value = coordinates(z[output.dataset.layer]);
  for (const slider of sliders) slider.value = z[slider.dataset.layer][slider.dataset.dimension];
  for (const pad of pads) pad.mark();
}

let waiting = false;
function refresh() {
  if (waiting || !decoders.length) return;
  waiting = true;
  requestAnimationFrame((now) => {
    waiting = false;
    if (playing !== null) follow(now);
    show();
    if (playing !== null) refresh();
  });
}

// === Moving z ===

function move(layer, values, keep = true) {
  active = layer;
  z[layer] = values.map((value) => Math.max(-reach, Math.min(reach, value)));
  if (keep) kept[layer] = [...z[layer]];
  refresh();
}

function goTo(place) {
  kept = place.map((layer) => [...layer]);
  z = place.map((layer) => [...layer]);
  refresh();
}

function leave() {
  z = kept.map((layer) => [...layer]);
  refresh();
}

// === Pads ===

function shape(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

class Pad {
  constructor(svg) {
    this.svg = svg;
    this.layer = Number(svg.dataset.layer);
    this.model = models[svg.dataset.model];
    svg.setAttribute("viewBox", `${-reach} ${-reach} ${2 * reach} ${2 * reach}`);
    shape("path", { class: "axis", d: `M${-reach} 0H${reach}M0 ${-reach}V${reach}` }, svg);
    for (const r of [1, 2, 3]) shape("circle", { class: "ring", r }, svg);
    this.dots = this.model.codes[this.layer].map(() => shape("circle", { class: "dot", r: reach / 65 }, svg));
    this.line = shape("polyline", { class: "path" }, svg);
    this.markers = ["marker halo", "marker"].map((kind) => shape("circle", { class: kind, r: reach / 28 }, svg));
    this.place();
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("pointermove", (event) => this.hover(event));
    svg.addEventListener("pointerleave", () => leave());
    svg.addEventListener("keydown", (event) => this.key(event));
  }

  at(layer) {
    return axes[this.layer].map((dimension) => layer[dimension]);
  }

  place() {
    this.dots.forEach((dot, image) => {
      const [x, y] = this.at(this.model.codes[this.layer][image]);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", -y);
    });
  }

  mark() {
    const [x, y] = this.at(z[this.layer]);
    for (const marker of this.markers) {
      marker.setAttribute("cx", x);
      marker.setAttribute("cy", -y);
    }
    const points = path.layer === this.layer ? path.points.map((point) => this.at(point)) : [];
    this.line.setAttribute("points", points.map(([across, up]) => `${across},${-up}`).join(" "));
  }

  // z of this layer with these coordinates on the pad.
  moved(x, y) {
    const values = [...z[this.layer]];
    [values[axes[this.layer][0]], values[axes[this.layer][1]]] = [x, y];
    return values;
  }

  under(event) {
    const box = this.svg.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width * 2 - 1) * reach, (1 - (event.clientY - box.top) / box.height * 2) * reach];
  }

  nearest([x, y]) {
    const distances = this.model.codes[this.layer].map((code) => Math.hypot(this.at(code)[0] - x, this.at(code)[1] - y));
    const image = distances.indexOf(Math.min(...distances));
    return { image, px: distances[image] * this.svg.clientWidth / (2 * reach) };
  }

  press(event) {
    stop();
    this.svg.setPointerCapture(event.pointerId);
    const place = this.under(event), dot = this.nearest(place);
    if (isDrawing()) {
      path = { layer: this.layer, points: [] };
      this.record(...place);
    } else if (dot.px <= NEAR[event.pointerType]) choose(dot.image, this.model, this.layer);
    else move(this.layer, this.moved(...place));
  }

  hover(event) {
    if (playing !== null && !event.buttons) return;
    const place = this.under(event);
    if (event.buttons && isDrawing()) this.record(...place);
    else move(this.layer, this.moved(...place), event.buttons > 0);
  }

  record(x, y) {
    move(this.layer, this.moved(x, y));
    if (path.layer !== this.layer) path = { layer: this.layer, points: [] };
    path.points.push([...z[this.layer]]);
    setPath();
  }

  key(event) {
    const step = event.shiftKey ? 0.5 : 0.1, [x, y] = this.at(z[this.layer]);
    const places = {
      ArrowLeft: [x - step, y], ArrowRight: [x + step, y], ArrowUp: [x, y + step], ArrowDown: [x, y - step], Home: [0, 0],
    };
    if (event.key === "Enter") choose(this.nearest([x, y]).image, this.model, this.layer);
    else if (!(event.key in places)) return;
    else if (isDrawing()) this.record(...places[event.key]);
    else move(this.layer, this.moved(...places[event.key]));
    event.preventDefault();
  }
}

const pads = all(".pad").map((svg) => new Pad(svg));

// === Images ===

function choose(image, model, layer) {
  chosen = image;
  active = layer;
  goTo(model.codes.map((codes) => codes[image]));
  for (const pad of pads) pad.dots.forEach((dot, number) => dot.classList.toggle("chosen", number === image));
  const [height, width] = models[0].shape, original = document.querySelector(".original");
  [original.width, original.height] = [width, height];
  const left = (image % shown.columns) * width, top = Math.floor(image / shown.columns) * height;
  original.getContext("2d").drawImage(byId("sheet"), left, top, width, height, 0, 0, width, height);
  all(".reconstruction").forEach((canvas, number) => {
    paint(canvas, decode(decoders[number], models[number].codes.map((codes) => [codes[image]])), models[number].shape);
  });
  const rows = shown.colourings.map(({ name, levels, categories, values }) => [name, categories.length ? categories[levels[image]] : inWords(values[image])]);
  for (const { name, codes } of models) {
    rows.push([models.length > 1 ? `code, ${name}` : "code", codes.map((each) => coordinates(each[image])).join(" ")]);
  }
  byId("known").replaceChildren(...rows.flatMap((row) => row.map((words, column) => {
    const cell = document.createElement(column ? "dd" : "dt");
    cell.textContent = words;
    return cell;
  })));
}

function colour() {
  const { levels, palette, categories, ends } = shown.colourings[byId("colouring").value];
  for (const pad of pads) pad.dots.forEach((dot, image) => dot.setAttribute("fill", palette[levels[image]]));
  const swatch = (background) => Object.assign(document.createElement("i"), { style: `background: ${background}` });
  const legend = byId("legend");
  if (categories.length) {
    legend.replaceChildren(...categories.map((name, level) => {
      const entry = document.createElement("span");
      entry.append(swatch(palette[level]), name);
      return entry;
    }));
  } else {
    const scale = document.createElement("span");
    scale.className = "scale";
    scale.append(...palette.map(swatch));
    const [low, high] = ends.map(inWords);
    legend.replaceChildren(`≤ ${low}`, scale, `≥ ${high}`);
  }
}

// === Paths ===

const isDrawing = () => byId("draw").ariaPressed === "true";

function setPath() {
  byId("play").disabled = path.points.length < 2;
  byId("clear").disabled = !path.points.length;
}

function stop() {
  playing = null;
  byId("play").textContent = "Play";
}

// z where the path has come to, at an even speed, over and over.
function follow(now) {
  const steps = path.points.slice(1).map((point, number) => Math.hypot(...point.map((value, dimension) => value - path.points[number][dimension])));
  const length = steps.reduce((sum, step) => sum + step, 0);
  let left = length ? ((now - playing) / 1000 * SPEED) % length : 0, number = 0;
  while (number < steps.length - 1 && left > steps[number]) left -= steps[number++];
  const share = steps[number] ? left / steps[number] : 0, from = path.points[number], to = path.points[number + 1];
  move(path.layer, from.map((value, dimension) => value + share * (to[dimension] - value)));
}

// === Controls ===

byId("draw").addEventListener("click", () => {
  stop();
  byId("draw").ariaPressed = String(!isDrawing());
});
byId("play").addEventListener("click", () => {
  const starts = playing === null;
  stop();
  byId("draw").ariaPressed = "false";
  if (!starts) return;
  byId("play").textContent = "Stop";
  playing = performance.now();
  refresh();
});
byId("clear").addEventListener("click", () => {
  stop();
  path = { layer: 0, points: [] };
  setPath();
  refresh();
});
byId("random").addEventListener("click", () => {
  stop();
  draws = drawn();
  goTo(latent.map((size) => Array.from({ length: size }, normal)));
});
byId("origin").addEventListener("click", () => {
  stop();
  goTo(latent.map((size) => Array(size).fill(0)));
});
byId("copy").addEventListener("click", async () => {
  byId("code").select();
  const isCopied = await navigator.clipboard?.writeText(byId("code").value).then(() => true, () => false);
  byId("copied").textContent = isCopied ? "Copied." : "It is selected: copy it by Ctrl-C.";
});
byId("others")?.addEventListener("change", (event) => {
  others = event.target.value;
  draws = drawn();
  refresh();
});
byId("colouring").addEventListener("change", colour);
for (const slider of sliders) {
  slider.addEventListener("input", () => {
    stop();
    const values = [...z[slider.dataset.layer]];
    values[slider.dataset.dimension] = Number(slider.value);
    move(Number(slider.dataset.layer), values);
  });
}
for (const menu of all("select[data-axis]")) {
  menu.addEventListener("change", () => {
    axes[menu.dataset.layer][menu.dataset.axis] = Number(menu.value);
    for (const pad of pads) pad.place();
    refresh();
  });
}

colour();
const ready = startRuntime().then(async () => {
  await byId("sheet").decode();
  decoders = models.map(({ steps }, number) => decoderOf(steps, number));
  choose(chosen, models[0], active);
}).catch((error) => {
  byId("failure").textContent = `The decoder cannot run in this browser: ${error.message}. It takes WebAssembly with SIMD, as Chrome 91, Firefox 89 and Safari 16.4 have it, switched on.`;
  byId("failure").hidden = false;
  byId("explorer").hidden = true;
});
