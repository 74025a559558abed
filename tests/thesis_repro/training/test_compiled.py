"""Compiled steps under both backends: derivatives in closed form, state that survives, and pace.

Run under TensorFlow; the last test runs the others once more under JAX, in a new process.
"""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from thesis_repro.training.compiled import CompiledEpoch, CompiledStep, on_device

BACKEND = keras.backend.backend()


def numbers(tree):
    return keras.tree.map_structure(np.asarray, tree)


def variable(value):
    return keras.Variable(np.asarray(value, "float32"))


def random(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


# --- Derivatives ---


def test_derivatives_of_a_layer():
    """y = x W + b with cotangents c: c W^T by x, x^T c by W, and the sum of c over rows by b."""
    x, c, kernel, bias = random(4, 3), random(4, 2), variable(random(3, 2)), variable([5, 7])

    def step(vjp, x, c):
        y, others, pullback = vjp(lambda x: (x @ kernel + bias, "seen"), [x], [kernel, bias])
        assert others == "seen"
        return y, pullback(c)

    y, ((by_x,), (by_kernel, by_bias)) = numbers(CompiledStep(step, [kernel, bias])(x, c))
    w = np.asarray(kernel)
    np.testing.assert_allclose(y, x @ w + [5, 7], rtol=1e-5)
    np.testing.assert_allclose(by_x, c @ w.T, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(by_kernel, x.T @ c, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(by_bias, c.sum(axis=0), rtol=1e-5)


def test_outputs_of_any_structure_and_several_inputs():
    """Of p q and p^2 with cotangents 1 and 10: q + 20 p by p, p by q."""
    p, q = random(3), random(5)[:3]

    def step(vjp, p, q):
        def function(p, q):
            return {"product": p * q, "more": [p * p]}, {"sum": p + q}

        outputs, others, pullback = vjp(function, [p, q], [])
        cotangents = {"product": ops.ones(3), "more": [10 * ops.ones(3)]}
        return outputs, others, pullback(cotangents)

    outputs, others, ((by_p, by_q), none) = numbers(CompiledStep(step, [])(p, q))
    np.testing.assert_allclose(outputs["product"], p * q, rtol=1e-6)
    np.testing.assert_allclose(outputs["more"][0], p * p, rtol=1e-6)
    np.testing.assert_allclose(others["sum"], p + q, rtol=1e-6)
    np.testing.assert_allclose(by_p, q + 20 * p, rtol=1e-5)
    np.testing.assert_allclose(by_q, p, rtol=1e-6)
    assert list(none) == []


def test_what_has_no_influence_has_zero_derivatives():
    used, unused = variable([2]), variable([[1, 2], [3, 4]])

    def step(vjp, x, ignored):
        _, _, pullback = vjp(lambda x, ignored: (x * used, None), [x, ignored], [used, unused])
        return pullback(ops.ones((1,)))

    call = CompiledStep(step, [used, unused])
    (by_x, by_ignored), (by_used, by_unused) = numbers(call(random(1), random(2, 3)))
    assert (by_x, by_used) == (2, random(1))
    np.testing.assert_array_equal(by_ignored, np.zeros((2, 3)))
    np.testing.assert_array_equal(by_unused, np.zeros((2, 2)))


def test_one_function_after_the_other():
    """The chain rule by hand, as the encoder's update needs it: of (a x)^3 by a, 3 a^2 x^3."""
    a = variable([1.5])

    def step(vjp, x):
        inner, _, to_a = vjp(lambda x: (a * x, None), [x], [a])
        outer, _, to_inner = vjp(lambda y: (y**3, None), [inner], [])
        (slope,), _ = to_inner(ops.ones((1,)))
        return outer, to_a(slope)

    outer, (_, (by_a,)) = numbers(CompiledStep(step, [a])(np.float32([2])))
    np.testing.assert_allclose(outer, [27], rtol=1e-6)
    np.testing.assert_allclose(by_a, [3 * 1.5**2 * 2**3], rtol=1e-6)


def test_derivatives_are_those_at_the_values_of_the_call():
    """An update between a function and its pullback changes neither; what comes later sees it."""
    a = variable([3])

    def step(vjp, x):
        before, _, pullback = vjp(lambda x: (x * a * a, None), [x], [a])
        a.assign(ops.convert_to_tensor([100.0]))
        after, _, later = vjp(lambda x: (x * a * a, None), [x], [a])
        return before, after, pullback(ops.ones((1,)))[1], later(ops.ones((1,)))[1]

    before, after, (slope,), (later,) = numbers(CompiledStep(step, [a])(np.float32([2])))
    assert (before, after) == (18, 20_000)
    assert (slope, later) == (2 * 2 * 3, 2 * 2 * 100)
    assert np.asarray(a) == 100


# --- State ---


def test_moving_statistics_written_inside_a_function_survive():
    """They move once a call of the layer, also of two calls in one function; NumPy follows."""
    layer = keras.layers.BatchNormalization(momentum=0.9)
    layer.build((None, 2))
    gamma, beta = layer.trainable_variables

    def step(vjp, x):
        def function():
            return ops.sum(layer(x, training=True)) + ops.sum(layer(3 * x, training=True)), None

        loss, _, pullback = vjp(function, [], [gamma, beta])
        _, (_, by_beta) = pullback(ops.ones_like(loss))
        beta.assign(beta - by_beta)
        return loss

    call = CompiledStep(step, layer.variables)
    mean, variance = np.zeros(2), np.ones(2)
    for batch in random(3, 16, 2):
        call(batch)
        for x in (batch, 3 * batch):
            mean = 0.9 * mean + 0.1 * x.mean(axis=0)
            variance = 0.9 * variance + 0.1 * x.var(axis=0)
        np.testing.assert_allclose(np.asarray(layer.moving_mean), mean, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(np.asarray(layer.moving_variance), variance, rtol=1e-4)
    np.testing.assert_allclose(np.asarray(beta), [-3 * 32] * 2)  # 1 by each of 2 x 16 values


def test_noise_goes_on_through_functions_and_calls():
    """Twice in a function, once outside, once in a second one: as eight draws in a row."""
    noise, weight = keras.random.SeedGenerator(3), variable([1])

    def draw():
        return keras.random.normal((4,), seed=noise)

    def step(vjp):
        first, _, _ = vjp(lambda: ([draw() * weight, draw() * weight], None), [], [weight])
        between = draw()
        _, other, _ = vjp(lambda: (ops.sum(weight), draw()), [], [weight])
        return [*first, between, other]

    call = CompiledStep(step, [noise.state, weight])
    results = [*numbers(call()), *numbers(call())]
    assert np.asarray(noise.state).tolist() == [3, 8]
    noise.state.assign(np.array([3, 0], "uint32"))
    expected = [np.asarray(draw()) for _ in range(8)]
    np.testing.assert_array_equal(results, expected)
    assert len({array.tobytes() for array in results}) == 8


def test_a_call_goes_on_from_the_state_that_it_finds():
    total, calls = variable([0]), variable([0])

    def step(vjp, x):
        total.assign(total + x)
        calls.assign_add(ops.ones((1,)))
        return total * 1.0

    call = CompiledStep(step, [total, calls])
    assert [float(numbers(call(np.float32([x])))[0]) for x in (1, 2, 3)] == [1, 3, 6]
    total.assign(np.float32([100]))  # as a resumed run does
    assert float(numbers(call(np.float32([4])))[0]) == 104
    assert float(np.asarray(total)[0]) == 104
    assert float(np.asarray(calls)[0]) == 4


def test_values_taken_before_a_call_stay_as_they_were():
    """A checkpoint's arrays must not change under it, though the step's memory is used again."""
    weight = variable(random(1000))
    call = CompiledStep(lambda vjp, x: weight.assign(weight + x), [weight])
    call(np.float32([1]))
    taken = keras.ops.convert_to_numpy(weight)
    copied = taken.copy()
    call(np.float32([1]))
    np.testing.assert_array_equal(taken, copied)
    np.testing.assert_allclose(np.asarray(weight), copied + 1)


def test_the_optimizer_is_part_of_the_state():
    """Adam's first two steps of a constant gradient are lr each, its counter counts both."""
    weight, optimizer = variable([1]), keras.optimizers.Adam(0.1, epsilon=0)
    optimizer.build([weight])

    def step(vjp):
        loss, _, pullback = vjp(lambda: (3 * ops.sum(weight.value), None), [], [weight])
        optimizer.apply(pullback(ops.ones_like(loss))[1], [weight])
        return loss

    call = CompiledStep(step, [weight, *optimizer.variables])
    assert [float(numbers(call())) for _ in range(2)] == pytest.approx([3, 2.7], rel=1e-5)
    assert float(np.asarray(weight)[0]) == pytest.approx(0.8, rel=1e-5)
    assert int(optimizer.iterations.value) == 2


def test_equal_shapes_are_traced_once():
    traces, total = [], variable([0])

    def step(vjp, x):
        traces.append(x.shape)
        total.assign(total + ops.sum(x))
        return total * 1.0

    call = CompiledStep(step, [total])
    for _ in range(4):
        call(random(8, 2))
    assert len(traces) == 1
    for rows in (5, 8, 5, 8):  # the last batch of the validation images is smaller
        call(random(rows, 2))
    assert len(traces) == 2
    expected = 6 * random(8, 2).sum() + 2 * random(5, 2).sum()
    assert float(np.asarray(total)[0]) == pytest.approx(float(expected), rel=1e-4)


# --- Many steps in a call ---

STEPS, BATCH = 70, 4


class Clock:
    """Time that stands still but for what is waited."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds


class Paced(CompiledEpoch):
    """Notes the steps of each call into the backend, which take so many seconds each."""

    def __init__(self, *arguments, clock=None, seconds=0.0):
        super().__init__(*arguments)
        call, self.sizes = self._call, []

        def noted(arrays, rows, steps):
            self.sizes.append(steps)
            if clock:
                clock.wait(steps * seconds)
            return call(arrays, rows, steps)

        self._call = noted


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("thesis_repro.training.compiled.time", clock)
    return clock


class Toy:
    """Noisy regression: a layer, a moving mean, Adam and a generator of noise."""

    def __init__(self, spread=0.1):
        self.spread = spread  # of the noise
        self.kernel, self.mean = variable(random(3, 2)), variable([0, 0])
        self.noise = keras.random.SeedGenerator(3)
        self.optimizer = keras.optimizers.Adam(0.01)
        self.optimizer.build([self.kernel])
        state = [self.mean, self.noise.state, *self.optimizer.variables]
        self.variables = [self.kernel, *state]

    def step(self, vjp, x, label):
        def function():
            noise = keras.random.normal(ops.shape(x @ self.kernel), seed=self.noise)
            y = x @ self.kernel + self.spread * noise
            self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(y, axis=0))
            target = ops.cast(label, "float32")[:, None]
            return ops.mean(ops.square(y - target)), {"labels": ops.sum(label)}

        loss, others, pullback = vjp(function, [], [self.kernel])
        self.optimizer.apply(pullback(ops.ones_like(loss))[1], [self.kernel])
        return {"loss": loss, **others}

    def state(self):
        return [ops.convert_to_numpy(own).copy() for own in self.variables]


X, LABELS = random(50, 3), np.arange(50, dtype="int32")


def rows_of(steps, batch=BATCH):
    return np.random.default_rng(1).integers(0, 50, (steps, batch))


def joined(parts):
    parts = list(parts)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def epochs(toy, pieces, **pace):
    """Run an epoch of each piece; logs over all of them, and the epoch."""
    epoch = Paced(toy.step, toy.variables, **pace)
    arrays = [on_device(X), on_device(LABELS)]
    return joined(logs for rows in pieces for logs in epoch(arrays, rows)), epoch


@pytest.fixture(scope="module")
def one_by_one():
    return single_steps(Toy())


def single_steps(toy):
    """Logs and state of 70 single steps and a smaller one."""
    call = CompiledStep(toy.step, toy.variables)
    pieces = [*rows_of(STEPS), rows_of(1, 3)[0]]
    logs = [numbers(call(X[rows], LABELS[rows])) for rows in pieces]
    values = {name: np.array([own[name] for own in logs], "float32") for name in logs[0]}
    return values, toy.state()


@pytest.mark.parametrize(
    ("seconds", "sizes"),
    [
        (0.7, [1] * STEPS),
        (0.3, [1] + 23 * [3]),
        (1e-3, [1, 64, 5]),
        (0.0, [1, 64, 5]),
    ],
)
def test_however_steps_are_cut_into_calls_they_are_single_steps(clock, one_by_one, seconds, sizes):
    """Also the last batch, which is smaller: bit for bit on CPUs, where no XLA joins steps."""
    toy = Toy()
    pieces = [rows_of(STEPS), rows_of(1, 3)]
    logs, epoch = epochs(toy, pieces, clock=clock, seconds=seconds)
    assert epoch.sizes == [*sizes, 1]
    assert list(logs) == ["loss", "labels"]
    for name, expected in one_by_one[0].items():
        np.testing.assert_array_equal(logs[name], expected, strict=True)
    for ours, expected in zip(toy.state(), one_by_one[1], strict=True):
        np.testing.assert_array_equal(ours, expected, strict=True)
    assert int(toy.optimizer.iterations.value) == STEPS + 1


def test_logs_are_of_each_call_in_the_order_of_its_steps():
    toy = Toy()
    epoch = CompiledEpoch(toy.step, toy.variables)
    rows = rows_of(STEPS)
    logs = list(epoch([on_device(X), on_device(LABELS)], rows))
    assert [list(own) for own in logs] == [["loss", "labels"]] * len(logs)
    for values in (value for own in logs for value in own.values()):
        assert (values.ndim, values.dtype) == (1, np.float32)
    np.testing.assert_array_equal(joined(logs)["labels"], rows.sum(axis=1))


def test_a_loop_of_the_backend_gives_what_single_steps_give(clock, monkeypatch):
    """As on GPUs: by XLA, which may round otherwise in the last bits.

    Without noise: of TensorFlow, XLA draws another one from the same state.
    """
    expected_logs, expected = single_steps(Toy(spread=0))
    monkeypatch.setattr(f"thesis_repro.training.compiled_{BACKEND}.computes_on_gpu", lambda: True)
    toy = Toy(spread=0)
    logs, epoch = epochs(toy, [rows_of(STEPS), rows_of(1, 3)], clock=clock)
    assert epoch.sizes == [1, 64, 5, 1]
    np.testing.assert_array_equal(logs["labels"], expected_logs["labels"])
    np.testing.assert_allclose(logs["loss"], expected_logs["loss"], rtol=1e-5)
    for ours, value in zip(toy.state(), expected, strict=True):
        np.testing.assert_allclose(ours, value, rtol=1e-5, atol=1e-6)


# --- Pace ---


def sizes_of(clock, seconds, steps):
    """The calls that so many steps are cut into, each of so many seconds, in two epochs."""
    epoch = Paced(lambda vjp, x: {"x": ops.sum(x)}, [], clock=clock, seconds=seconds)
    arrays = [on_device(X)]
    first = [len(logs["x"]) for logs in epoch(arrays, rows_of(steps))]
    assert epoch.sizes == first
    return first, [len(logs["x"]) for logs in epoch(arrays, rows_of(steps))]


@pytest.mark.parametrize("seconds", [0.0, 1e-5, 0.015])
def test_64_quick_steps_are_two_calls_at_most_then_one(clock, seconds):
    first, second = sizes_of(clock, seconds, 256)
    assert first == [1, 64, 64, 64, 63]
    assert second == [64] * 4


@pytest.mark.parametrize("seconds", [0.02, 0.3, 0.9, 1.9, 7.0])
def test_progress_is_shown_every_second_or_at_every_step(clock, seconds):
    for sizes in sizes_of(clock, seconds, 70):
        assert sum(sizes) == 70
        assert max(sizes) * seconds <= max(1.0, seconds)
        usual = max(sizes)
        assert (usual + 1) * seconds > 1.0 or usual == 64  # and no oftener than that


def test_a_first_call_that_is_slow_since_it_compiles_is_made_up_for(clock):
    """Five seconds for the first step, then a hundredth each: the third call has 64."""
    epoch = Paced(lambda vjp, x: {"x": ops.sum(x)}, [], clock=clock, seconds=0.01)
    calls = epoch([on_device(X)], rows_of(200))
    call = epoch._call

    def compiling(*arguments):
        clock.wait(5)
        epoch._call = call
        return call(*arguments)

    epoch._call = compiling
    assert [len(logs["x"]) for logs in calls] == [1, 1, 64, 64, 64, 6]


def test_each_batch_size_has_its_own_pace(clock):
    epoch = Paced(lambda vjp, x: {"x": ops.sum(x)}, [], clock=clock, seconds=0.3)
    arrays = [on_device(X)]
    assert [len(logs["x"]) for logs in epoch(arrays, rows_of(7))] == [1, 3, 3]
    assert [len(logs["x"]) for logs in epoch(arrays, rows_of(7, batch=2))] == [1, 3, 3]


def test_many_steps_are_compiled_once_for_each_batch_size():
    traces = []

    def step(vjp, x):
        traces.append(x.shape)
        return {"x": ops.sum(x)}

    epoch = CompiledEpoch(step, [])
    for batch in (4, 3, 4, 3):
        for _ in epoch([on_device(X)], rows_of(70, batch)):
            pass
    assert traces == [(4, 3), (3, 3)]


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "jax", reason="this is the run under JAX")
def test_all_of_this_under_jax():
    pytest.importorskip("jax")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow"]
    done = subprocess.run(
        [*command, __file__], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout
    assert "28 passed" in done.stdout
