"""Pictures of models: what is on them, looked for among the numbers of the artists."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure

from thesis_repro import ModelError, Posterior, explore, plot_latent_space, plot_losses, traverse
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.run_folder import RunConfig
from thesis_repro.training.trained_model import TrainedModel

VAE, VLAE = "mnist-vae", "mnist-vlae-factor-3"


def model_of(name, history=(), seed=0):
    """A model that encodes an image's first pixels and paints the mean of all codes."""
    spec = MODELS[name]
    channels, sizes = spec.input_shape.value[-1], spec.latent_dims.value

    def encode(batch):
        mu = [batch.reshape(len(batch), -1)[:, :size] for size in sizes]
        return {"mu": mu, "log_var": [np.zeros_like(each) for each in mu]}

    def decode(z):
        z = np.concatenate(z, axis=1) if isinstance(z, list) else z
        shade = 1 / (1 + np.exp(-z.sum(axis=1)))
        return np.ones((len(z), 28, 28, channels), "float32") * shade[:, None, None, None]

    networks = SimpleNamespace(
        posterior=SimpleNamespace(predict_on_batch=encode),
        decoder=SimpleNamespace(predict_on_batch=decode),
    )
    values = {"seed": seed, "scale": "smoke", "epochs": 1}
    run = SimpleNamespace(config=RunConfig(name, values))
    return TrainedModel(spec, run, [*history], networks)


@pytest.fixture
def images():
    return np.random.default_rng(0).random((120, 28, 28, 1))


def pictures(figure):
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]


def row_labels(figure):
    (axes,) = figure.axes
    return [label.get_text() for label in axes.get_yticklabels()]


def test_a_grid_shows_each_position_once_first_dimension_down():
    figure = explore(model_of(VAE), points=3)
    assert isinstance(figure, Figure)
    (canvas,) = pictures(figure)
    ticks = np.array([-3, 0, 3])
    expected = 1 - 1 / (1 + np.exp(-(ticks[:, None] + ticks)))  # inverted, as the thesis shows it
    np.testing.assert_allclose(canvas[14::28, 14::28], expected, atol=1e-6)
    assert figure.get_suptitle() == "Images decoded from -3 to 3"


def test_a_grid_of_each_layer_with_the_same_draws_at_each_call():
    first, again = (pictures(explore(model_of(VLAE), points=2)) for _ in range(2))
    assert len(first) == 3
    np.testing.assert_array_equal(first, again)
    other = pictures(explore(model_of(VLAE), points=2, rng=np.random.default_rng(1)))
    assert not np.array_equal(first, other)
    figure = explore(model_of(VLAE), points=2, reading="as run")
    assert "one draw from [-3, 3] in the others" in figure.get_suptitle()
    assert [axes.get_title() for axes in figure.axes] == ["layer 1", "layer 2", "layer 3"]


def test_grids_of_several_models_stand_side_by_side():
    models = model_of(VAE), model_of("mnist-vae-gan"), model_of(VAE, seed=1)
    titles = [axes.get_title() for axes in explore(*models, points=2, side=7).axes]
    assert titles == [
        f"MNIST-VAE, run {models[0].run.config.run_id}",
        "MNIST-VAE-GAN",
        f"MNIST-VAE, run {models[2].run.config.run_id}",
    ]


def test_no_row_is_hidden_by_another_of_the_same_label():
    """The same model twice, and two lines between digits of one class."""
    model = model_of(VAE, losses(2.0, 1.0))
    assert len(pictures(explore(model, model, points=2))) == 2
    start, end = np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, -1.0]])
    figure = traverse(model, start, end, points=2, labels=["4", "4"])
    assert row_labels(figure) == ["4", "4"]
    (canvas,) = pictures(figure)
    assert canvas.shape == (2 * 28 + 1, 2 * 28 + 1)  # lines of a pixel between images
    (axes,) = plot_losses(*[model] * 8).axes  # more than there are colours
    assert len([line for line in axes.lines if len(line.get_xdata()) > 1]) == 16


def test_a_changed_model_has_a_name_of_its_own(images):
    thesis = model_of(VAE)
    spec = replace(thesis.spec, id="mnist-vae+slow", name="MNIST-VAE+slow")
    changed = replace(thesis, spec=spec)
    titles = [axes.get_title() for axes in explore(thesis, changed, points=2).axes]
    assert titles == ["MNIST-VAE", "MNIST-VAE+slow"]
    title = plot_latent_space(changed, images[:5]).get_suptitle()
    assert title.startswith("MNIST-VAE+slow: mean codes")


def test_layers_of_more_dimensions_have_no_grid():
    with pytest.raises(ValueError, match="not a valid Reading"):
        explore(model_of(VAE), reading="as it pleases")
    with pytest.raises(ModelError, match="no latent layer of two dimensions: its layers have 10"):
        explore(model_of("dsprites-vae"))


def test_lines_lead_from_start_to_end():
    start, end = np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, -1.0]])
    figure = traverse(model_of(VAE), start, end, points=3, labels=["up", "down"], title="lines")
    (canvas,) = pictures(figure)
    steps = np.array([[0, 0.5, 1], [0, -0.5, -1]])
    np.testing.assert_allclose(canvas[::29, ::29], 1 - 1 / (1 + np.exp(-steps)), rtol=1e-5)
    assert figure.get_suptitle() == "lines"
    assert row_labels(figure) == ["up", "down"]


def test_lines_of_all_layers(images):
    model, rng = model_of(VLAE), np.random.default_rng(0)
    figure = traverse(model, model.sample(images[:2], rng), model.sample(images[2:4], rng))
    (canvas,) = pictures(figure)
    assert canvas.shape == (2 * 29 - 1, 21 * 29 - 1)
    with pytest.raises(ModelError, match="pass as many ends as starts"):
        traverse(model, model.sample(images[:2], rng), model.sample(images[:3], rng))


def test_codes_lie_where_they_are(images):
    classes, heights = np.arange(120) % 3 + 4, np.linspace(0, 1, 120)
    known = {"digit": classes, "height": heights, "one": np.ones(120)}
    figure = plot_latent_space(model_of(VLAE), images, known)
    panels = [axes for axes in figure.axes if axes.collections and axes.get_label() != "<colorbar>"]
    assert len(panels) == 9
    points = images.reshape(120, -1)[:, :2]
    for axes in panels:
        np.testing.assert_allclose(axes.collections[0].get_offsets(), points, rtol=1e-6)
    assert [axes.get_title() for axes in panels[:3]] == ["digit", "height", "one"]
    bars = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    names = [[label.get_text() for label in bar.get_xticklabels()] for bar in bars]
    assert names[0] == ["4", "5", "6"]
    assert figure.get_suptitle() == "MNIST-VLAE-factor-3: mean codes of 120 images"


def test_codes_without_anything_known(images):
    plot_latent_space(model_of(VAE), images[:5], title="five").draw_without_rendering()


@pytest.mark.parametrize("values", [np.zeros(119), np.zeros((120, 2)), [["a"]] * 120])
def test_what_is_known_is_one_number_for_each_image(images, values):
    with pytest.raises(ModelError, match="pass one value for each of 120 images"):
        plot_latent_space(model_of(VAE), images, {"height": values})
    with pytest.raises(ModelError, match="pass numbers"):
        plot_latent_space(model_of(VAE), images, {"name": [*map(str, range(120))]})


def losses(*values, **others):
    return [
        {"epoch": float(n), "loss": value, "val_loss": value + 1, "seconds": 1.0} | others
        for n, value in enumerate(values, 1)
    ]


def test_losses_of_models_in_one_panel():
    models = model_of(VAE, losses(4.0, 3.0)), model_of(VLAE, losses(9.0, 8.0))
    (axes,) = plot_losses(*models).axes
    assert [line.get_ydata().tolist() for line in axes.lines if len(line.get_xdata()) > 1] == [
        *([4, 3], [5, 4]),
        *([9, 8], [10, 9]),
    ]
    assert axes.get_title() == "MNIST-VAE, MNIST-VLAE-factor-3"
    assert axes.lines[0].get_label() == "MNIST-VAE, training"


def test_a_loss_that_a_model_has_not():
    gan = losses(1.0)
    for row in gan:
        row["encoder_loss"], row["val_encoder_loss"] = row.pop("loss"), row.pop("val_loss")
    model = model_of("mnist-vae-gan", gan)
    with pytest.raises(ModelError, match="no 'loss' in its history, but encoder_loss"):
        plot_losses(model)
    (axes,) = plot_losses(model, loss="encoder_loss").axes
    assert axes.get_ylabel() == "encoder loss (log scale)"


# --- What is refused ---


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (explore, "explore takes models as load_model gives them, not none"),
        (lambda: explore("mnist-vae"), "not 'mnist-vae'"),
        (lambda: explore(None), "not None"),
        (lambda: explore([model_of(VAE)]), "explore takes models as load_model gives them, not [<"),
        (plot_losses, "plot_losses takes models as load_model gives them, not none"),
        (lambda: plot_losses("mnist-vae"), "not 'mnist-vae'"),
        (lambda: traverse(VAE, np.zeros((1, 2)), np.ones((1, 2))), "traverse takes models as"),
        (lambda: plot_latent_space(VAE, np.zeros((1, 28, 28))), "plot_latent_space takes models"),
        (
            lambda: plot_latent_space(model_of(VAE), np.zeros((3, 28, 28)), np.arange(3)),
            'passed by name, as in {"digit": labels}, not as ndarray.',
        ),
    ],
)
def test_what_is_no_model_or_has_no_name(draw, said):
    with pytest.raises(TypeError) as error:
        draw()
    assert said in str(error.value)


def lines(start=None, end=None, model=VAE, **others):
    start, end = (np.zeros((2, 2)) if each is None else each for each in (start, end))
    return traverse(model_of(model), start, end, **others)


POSTERIOR = Posterior(np.zeros((2, 2)), np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: explore(model_of(VAE), side="foo"), "side of 1, 2, 4, 7, 14, 28, not 'foo'"),
        (lambda: explore(model_of(VAE), side=5), "side of 1, 2, 4, 7, 14, 28, not 5"),
        (lambda: explore(model_of(VAE), side=0), "side of 1, 2, 4, 7, 14, 28, not 0"),
        (lambda: explore(model_of(VAE), reading="foo"), '"as written" or "as run"'),
        (lambda: explore(model_of(VAE), points=2.5), "points has to be a whole number from 2 on"),
        (lambda: explore(model_of(VLAE), rng="seed"), "rng has to be a numpy.random.Generator"),
        (lambda: explore(model_of("digit-classifier")), "its layers have none"),
        (lambda: lines([POSTERIOR], [POSTERIOR]), "pass .mu or .sample(rng) of each"),
        (lambda: lines(POSTERIOR, POSTERIOR), "pass .mu or .sample(rng) of each"),
        (lambda: lines(np.zeros(2), np.ones(2)), "decodes codes (n, 2), one array per latent"),
        (lambda: lines(model=VLAE), "decodes codes (n, 2), (n, 2), (n, 2), one array"),
        (lambda: lines(None, 3), "this is 3"),
        (lambda: lines(points=1), "points has to be a whole number from 2 on"),
        (
            lambda: lines(labels=["a"]),
            "Pass a label, a text, for each of 2 lines, or none.",
        ),
        (lambda: lines(labels=[1, 2]), "Pass a label, a text, for each of 2 lines"),
        (lambda: lines(labels=7), "Pass a label, a text, for each of 2 lines"),
        (lambda: plot_losses(model_of(VAE, losses(1.0)), further=3), "for each of 1 models"),
        (
            lambda: plot_latent_space(model_of(VAE), np.zeros((3, 28, 28)), {"x": [None] * 3}),
            "'x' holds object: pass numbers.",
        ),
        (lambda: lines(model="digit-classifier"), "has no latent layers, so that it takes no c"),
        (lambda: plot_losses(model_of(VAE)), "MNIST-VAE has no history: it was not trained."),
        (lambda: plot_losses(model_of(VAE, losses(1.0)), labels="ab"), "for each of 1 models"),
        (lambda: plot_losses(model_of(VAE, losses(1.0)), further=[[], []]), "for each of 1 models"),
        (
            lambda: plot_latent_space(model_of("dsprites-vae"), np.zeros((9, 64, 64))),
            "pass 92 images or more, not 9",
        ),
        (
            lambda: plot_latent_space(model_of(VAE), np.zeros((3, 28, 28)), {"x": [1, 2, np.nan]}),
            "'x' holds values that are not finite",
        ),
    ],
)
def test_what_no_picture_can_be_drawn_of(draw, said):
    with pytest.raises(ModelError) as error:
        draw()
    assert said in str(error.value)


@pytest.mark.parametrize("title", [None, "one word", "a title of one's own, " * 6])
@pytest.mark.parametrize("known", [{}, {"digit": 1}, {"digit": 1, "two": 2}])
def test_a_title_is_as_wide_as_its_figure(images, known, title):
    known = {name: np.arange(120) % 10 for name in known}
    figure = plot_latent_space(model_of(VLAE), images, known, title=title)
    figure.savefig(io.BytesIO())
    extent = figure._suptitle.get_window_extent()
    assert extent.x0 >= 0
    assert extent.x1 <= figure.bbox.width
    assert extent.y1 <= figure.bbox.height


def test_a_title_that_fits_changes_no_figure(images):
    """Chapters draw with five colourings or more."""
    known = {name: np.arange(120) % 10 for name in "abcde"}
    figure = plot_latent_space(model_of(VLAE), images, known)
    np.testing.assert_allclose(figure.get_size_inches(), (1.9 * 5 + 0.3, 1.8 * 3 + 1.2))
    assert "\n" not in figure.get_suptitle()


def test_a_seed_is_its_generator():
    by_seed, by_generator = (
        pictures(explore(model_of(VLAE), points=2, rng=rng))
        for rng in (1, np.random.default_rng(1))
    )
    np.testing.assert_array_equal(by_seed, by_generator)
