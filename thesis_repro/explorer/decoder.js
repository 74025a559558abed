"use strict";
// Decoders from the page's data, layer by layer, by TensorFlow.js in WebAssembly on one core.

function bytesOf(id) {
  const text = atob(document.getElementById(id).textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}

// The WebAssembly file is in the page; all three of its names lead there, and threads, which need a server, are left out.
async function startRuntime() {
  if (typeof WebAssembly === "undefined") throw new Error("WebAssembly is switched off");
  const address = `data:application/wasm;base64,${document.getElementById("wasm").textContent.trim()}`;
  const names = ["", "-simd", "-threaded-simd"].map((kind) => `tfjs-backend-wasm${kind}.wasm`);
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  tf.wasm.setWasmPaths(Object.fromEntries(names.map((name) => [name, address])));
  if (!(await tf.setBackend("wasm"))) throw new Error("WebAssembly cannot be started, or lacks SIMD");
}

// The steps of a model with their tensors, taken from its numbers in order.
function decoderOf(steps, number) {
  const vectors = new Float32Array(bytesOf(`vectors-${number}`));
  const kernels = new Int16Array(bytesOf(`kernels-${number}`));
  let vectorsTaken = 0, kernelsTaken = 0;
  const vector = (size) => vectors.subarray(vectorsTaken, (vectorsTaken += size));
  const kernel = ([rows, columns]) => {
    const scales = vector(columns), values = new Float32Array(rows * columns);
    for (let i = 0; i < values.length; i++) values[i] = kernels[kernelsTaken + i] * scales[i % columns];
    kernelsTaken += values.length;
    return tf.tensor2d(values, [rows, columns]);
  };
  return steps.map((step) => {
    if (step.kernel) {
      const matrix = kernel(step.kernel), bias = tf.tensor1d(vector(step.filters ?? step.kernel[1]));
      return { ...step, kernel: step.blocks ? tf.split(matrix, step.blocks ** 2) : matrix, bias };
    }
    if (step.size) return { ...step, factor: tf.tensor1d(vector(step.size)), shift: tf.tensor1d(vector(step.size)) };
    return step;
  });
}

const COMPUTE = {
  input: ([x]) => x,
  dense: ([x], { kernel, bias }) => tf.add(tf.matMul(x, kernel), bias),
  // A pixel adds its products to a window of blocks of stride x stride pixels: each block is a map of its own, moved by whole pixels.
  transposed: ([x], { kernel, bias, blocks, stride, filters, crop }) => {
    const [n, height, width, channels] = x.shape, pixels = tf.reshape(x, [-1, channels]);
    const moved = kernel.map((matrix, number) => {
      const [down, right] = [Math.floor(number / blocks), number % blocks];
      const map = tf.reshape(tf.matMul(pixels, matrix), [n, height, width, -1]);
      return tf.pad(map, [[0, 0], [down, blocks - 1 - down], [right, blocks - 1 - right], [0, 0]]);
    });
    const sum = tf.addN(moved), whole = stride > 1 ? tf.depthToSpace(sum, stride) : sum;
    return tf.add(tf.slice(whole, [0, crop, crop, 0], [n, stride * height, stride * width, filters]), bias);
  },
  affine: ([x], { factor, shift }) => tf.add(tf.mul(x, factor), shift),
  join: (inputs) => tf.concat(inputs, -1),
  reshape: ([x], { shape }) => tf.reshape(x, [x.shape[0], ...shape]),
  relu: ([x]) => tf.relu(x),
  leaky: ([x], { slope }) => tf.leakyRelu(x, slope),
  sigmoid: ([x]) => tf.sigmoid(x),
};

// The images of codes, an array (n x dimensions) per latent layer, lowest first: values from 0 to 1, (n, height, width, channels) in a row.
function decode(decoder, codes) {
  return tf.tidy(() => {
    const made = new Map();
    for (const step of decoder) {
      const inputs = step.kind === "input" ? [tf.tensor2d(codes[step.layer])] : step.inputs.map((name) => made.get(name));
      made.set(step.name, COMPUTE[step.kind](inputs, step));
    }
    return made.get(decoder.at(-1).name).dataSync();
  });
}
