"""Compiled steps under both backends: derivatives in closed form, and state that survives.

Run under TensorFlow; the last test runs the others once more under JAX, in a new process.
"""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from thesis_repro.training.compiled import CompiledStep

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
    assert "11 passed" in done.stdout
