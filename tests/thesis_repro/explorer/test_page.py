"""The page in headless Chromium: the pictures are Keras's, what a reader does works."""

import itertools
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

import thesis_repro
from thesis_repro.cli import main
from thesis_repro.models import zoo
from thesis_repro.training.published import published_runs

CODES = 500  # drawn at random
CLOSE = 1 / 255


def decoded_apart(tab, model, number=0):
    """How far pictures of the page's decoder lie from Keras's, and Keras's; (codes, ...)."""
    reach = tab.value("reach")
    latent = model.spec.latent_dims.value
    corners = np.array([*itertools.product((-reach, reach), repeat=sum(latent))])
    random = np.random.default_rng(0).standard_normal((CODES, sum(latent)))
    codes = np.split(np.concatenate([random, corners]), np.cumsum(latent)[:-1], axis=1)
    call = f"Array.from(decode(decoders[{number}], {json.dumps([z.tolist() for z in codes])}))"
    expected = model.decode(codes)
    return np.abs(np.reshape(tab.value(call), expected.shape) - expected), expected


@pytest.fixture
def opened(tab, page):
    """The page of one model, with its decoder, at the origin."""
    tab.open(page)
    tab.value("ready.then(() => byId('origin').click())")
    return tab


def settled(tab):
    """Wait until the picture has followed."""
    tab.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def middle(tab, selector):
    """The middle of an element in the window, and its width (px)."""
    tab.value(f"document.querySelector('{selector}').scrollIntoView({{block: 'center'}})")
    box = f"document.querySelector('{selector}').getBoundingClientRect()"
    return tab.value(
        f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2, width])({box})"
    )


def state(tab, name):
    settled(tab)
    return tab.value(name)


def test_pictures_are_those_of_keras(tab, two, models):
    tab.open(two)
    tab.value("ready")
    for number, model in enumerate(models):
        apart, expected = decoded_apart(tab, model, number)
        assert expected.std() > 0.05
        assert apart.max() < CLOSE


def test_nothing_is_asked_of_a_network_and_nothing_is_complained_of(opened):
    settled(opened)
    assert opened.console == []
    assert {address.partition(":")[0] for address in opened.requests} == {"file", "data"}


def test_the_picture_follows_the_pointer_and_a_click_keeps_the_place(opened):
    x, y, width = middle(opened, ".pad")
    unit = width / (2 * opened.value("reach"))
    painted = "document.querySelector('.picture').toDataURL()"
    before = state(opened, painted)
    opened.mouse("mouseMoved", x + 2 * unit, y - 3 * unit)
    assert state(opened, "z[0]") == pytest.approx([2, 3], abs=0.05)
    assert opened.value(painted) != before
    opened.mouse("mouseMoved", x, y - width)
    assert state(opened, "z[0]") == [0, 0]
    assert opened.value(painted) == before
    place = (x - 3.7 * unit, y + 3.7 * unit)
    opened.mouse("mousePressed", *place, button="left", clickCount=1)
    opened.mouse("mouseReleased", *place, button="left", clickCount=1)
    opened.mouse("mouseMoved", x, y - width)
    assert state(opened, "z[0]") == pytest.approx([-3.7, -3.7], abs=0.05)
    code = json.loads(opened.value("byId('code').value"))[0]
    assert code["model"] == "mnist-vlae-factor-3"
    assert code["z"][0] == [pytest.approx([-3.7, -3.7], abs=0.05)]
    assert code["z"][1] == [[0, 0, 0]]


def test_a_click_on_a_dot_shows_its_image(opened, models, small_images):
    middle(opened, ".pad")
    dot = "document.querySelectorAll('.pad .dot')[7].getBoundingClientRect()"
    place = opened.value(f"(({{x, y, width}}) => [x + width / 2, y + width / 2])({dot})")
    opened.mouse("mousePressed", *place, button="left", clickCount=1)
    number = state(opened, "chosen")  # the nearest one may lie above it
    codes = [layer.mu[number] for layer in models[0].encode(small_images.pixels)]
    assert opened.value("z") == [pytest.approx([*map(float, code)], abs=1e-4) for code in codes]
    drawn = "document.querySelector('.{}').getContext('2d').getImageData(0, 0, 16, 16).data"
    drawn = f"Array.from({drawn})"
    pixels = np.reshape(opened.value(drawn.format("original")), (16, 16, 4))[..., :1]
    assert (pixels == small_images.pixels[number]).all()
    made = np.reshape(opened.value(drawn.format("reconstruction")), (16, 16, 4))[..., :1]
    expected = models[0].reconstruct(small_images.pixels[number])[0] * 255
    assert np.abs(made - expected).max() < 1.5
    known = opened.value("byId('known').innerText")
    assert re.search(rf"digit\s+{small_images.known['label'][number]}\b", known)
    assert opened.value("document.querySelectorAll('.dot.chosen').length") == 2  # a pad each


def test_other_layers_are_held_drawn_or_of_an_image(opened):
    def choose(way):
        opened.value(f"document.querySelector('input[value={way}]').click()")
        return state(opened, "codesOf(models[0])")

    assert choose("held") == [[[0, 0]], [[0, 0, 0]]]
    opened.value("move(0, [1, 2])")
    moved, others = choose("drawn")
    assert moved == [[1, 2]] * 9
    assert len({tuple(code) for code in others}) == 9
    assert opened.value("document.querySelector('.picture').width") == 3 * 16
    opened.value("move(0, [1, -2])")
    assert choose("image") == [[[1, -2]], [opened.value("models[0].codes[1][chosen]")]]


def test_keys_and_sliders_move_it_and_axes_are_chosen(opened, models, small_images):
    opened.value("document.querySelector('.pad').focus()")
    opened.key("ArrowRight")
    opened.key("ArrowUp", modifiers=8)
    assert state(opened, "z[0]") == pytest.approx([0.1, 0.5])
    opened.key("Home")
    assert state(opened, "z[0]") == [0, 0]
    opened.key("Enter")
    nearest = np.argmin(np.hypot(*models[0].encode(small_images.pixels)[0].mu.T))
    assert state(opened, "chosen") == nearest
    third = "document.querySelector('input[type=range][data-dimension=\"2\"]')"
    opened.value(f"{third}.value = 1.5, {third}.dispatchEvent(new Event('input'))")
    assert state(opened, "z[1][2]") == 1.5
    opened.value("const axis = document.querySelector('[data-axis=\"1\"]'); axis.value = 2")
    opened.value("axis.dispatchEvent(new Event('change'))")
    assert state(opened, "pads[1].markers[0].cy.baseVal.value") == -1.5


def test_a_path_is_drawn_and_played(opened):
    x, y, width = middle(opened, ".pad")
    assert opened.value("byId('play').disabled")
    opened.value("byId('draw').click()")
    opened.mouse("mouseMoved", x, y)
    opened.mouse("mousePressed", x, y, button="left", clickCount=1)
    opened.mouse("mouseMoved", x + width / 4, y, button="left", buttons=1)
    opened.mouse("mouseReleased", x + width / 4, y, button="left", clickCount=1)
    quarter = opened.value("reach") / 2
    points = state(opened, "path.points")
    assert points[0] == pytest.approx([0, 0], abs=0.05)
    assert points[-1] == pytest.approx([quarter, 0], abs=0.05)
    opened.value("byId('play').click()")
    assert opened.value("isDrawing()") is False
    assert opened.value("playing !== null")
    # A second later; asked for in the same call, before the next frame moves it on.
    later = opened.value("(follow(playing + 1000), z[0])")
    assert later == pytest.approx([1.5, 0], abs=0.05)
    opened.value("byId('play').click()")
    assert opened.value("playing") is None
    opened.value("byId('clear').click()")
    assert state(opened, "[path.points.length, byId('play').disabled]") == [0, True]


def test_dots_are_coloured_by_what_is_known(opened):
    fills = "pads[0].dots.map((dot) => dot.getAttribute('fill'))"
    digits = opened.value(fills)
    assert digits[:10] == digits[10:20]
    assert len({*digits}) == 10
    opened.value("byId('colouring').value = 3, colour()")
    assert opened.value(fills) != digits
    assert opened.value("document.querySelectorAll('#legend .scale i').length") == 10


def test_two_models_have_one_pointer(tab, two, models, small_images):
    tab.open(two)
    tab.value("ready")
    tab.value("choose(3, models[1], 0)")
    codes = [layer.mu[3] for layer in models[1].encode(small_images.pixels)]
    assert state(tab, "z[0]") == pytest.approx([*map(float, codes[0])], abs=1e-4)
    places = tab.value("pads.map((pad) => pad.markers[0].cx.baseVal.value)")
    assert places[0] == places[1]
    dots = tab.value("pads.map((pad) => pad.dots[3].cx.baseVal.value)")
    assert dots[0] != dots[1]
    captions = "[...document.querySelectorAll('.desk figcaption')]"
    names = tab.value(f"{captions}.map((each) => each.innerText)")
    assert len({*names}) == 2


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(tab, two, width, scheme):
    tab.open(two, width, 844, scheme)
    tab.value("ready.then(() => choose(0, models[0], 0))")
    assert tab.value("innerWidth") == width
    assert tab.value("document.documentElement.scrollWidth") <= width


def test_without_webassembly_it_says_so(tab, page, tmp_path):
    text = page.read_text(encoding="utf-8")
    switched_off = tmp_path / "off.html"
    text = text.replace("<head>", "<head><script>delete globalThis.WebAssembly</script>", 1)
    switched_off.write_text(text, encoding="utf-8")
    tab.open(switched_off)
    tab.value("ready")
    words = tab.value("byId('failure').checkVisibility() && byId('failure').innerText")
    assert "WebAssembly is switched off" in words
    assert not tab.value("byId('explorer').checkVisibility()")
    assert tab.console == []


WITH_DECODER = [
    run for run in published_runs().index.runs if zoo.MODELS[run.model].latent_dims.value
]


@pytest.mark.long
@pytest.mark.parametrize("run", WITH_DECODER, ids=lambda run: run.model)
def test_the_pages_of_published_runs_have_keras_pictures(tab, run, data_dir, tmp_path):
    places = ["--data-dir", str(data_dir), "--out", str(tmp_path)]
    result = CliRunner().invoke(main, ["explore", run.model, "--run", run.run_id, *places])
    assert result.exit_code == 0, result.output
    tab.open(tmp_path / "explore" / f"{run.model}_{run.run_id}.html")
    tab.value("ready")
    apart, _ = decoded_apart(tab, thesis_repro.load_model(run.model, run.run_id))
    assert apart.max() < CLOSE
