from itertools import pairwise

import pytest

from lionrank.paper.figures.scale import Scale, joined, panels
from tests.support.drawings import texts
from tests.support.papers import OBJECTIVES
from tests.support.sized import ETTIN, OPTIMIZERS, PARAMETERS, parameters_of, sized


def scaled(models, lines):
    grid = sized(models, OPTIMIZERS)
    figure, axes = panels(1, grid)
    return grid, axes, Scale.of(figure, parameters_of(grid), grid.models, lines)


def test_models_of_different_sizes_stand_where_they_belong():
    _, _, scale = scaled(ETTIN[:4], 2)
    for name in ETTIN[:4]:
        assert scale.places[name] == pytest.approx(PARAMETERS[name] / 1e6)
        left, right = (scale.at(name, line, 2) for line in (0, 1))
        assert left < scale.places[name] < right
        assert left * right == pytest.approx(scale.places[name] ** 2)
    low, high = scale.limits
    assert low < min(scale.places.values()) and max(scale.places.values()) < high


@pytest.mark.parametrize("lines", [1, 8])
def test_models_of_the_same_size_stand_side_by_side_in_the_order_of_their_sizes(lines):
    _, _, scale = scaled([*PARAMETERS], lines)
    points = [scale.at(name, line, lines) for name in PARAMETERS for line in range(lines)]
    assert sorted(points) == pytest.approx(
        [
            scale.at(name, line, lines)
            for name in sorted(PARAMETERS, key=scale.places.__getitem__)
            for line in range(lines)
        ]
    )
    sizes = [PARAMETERS[name] for name in sorted(PARAMETERS, key=scale.places.__getitem__)]
    assert sizes == sorted(sizes)
    assert min(right / left for left, right in pairwise(sorted(points))) > 1.01


@pytest.mark.parametrize("models", [ETTIN[:1], ETTIN[:3], [*PARAMETERS]], ids=["1", "3", "12"])
def test_every_model_has_its_label_and_none_hides_another(models):
    grid, axes, scale = scaled(models, len(OBJECTIVES))
    scale.draw(axes, grid.models)
    figure = axes[0].figure
    shown = {text.get_text(): text for text in texts(figure)}
    labels = [shown[model.label] for model in grid.models]
    assert all(label.get_rotation() == labels[0].get_rotation() for label in labels)
    at = sorted(label.get_position()[0] for label in labels)
    assert at == sorted(scale.places.values())
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.x0)
    for left, right in pairwise(boxes):
        # Slanted ones lie one above the other.
        assert left.x1 < right.x0 or labels[0].get_rotation() == 40


def test_a_line_joins_a_ladder_and_no_other_models():
    grid = sized(["bert", *ETTIN[:3], "minilm"], OPTIMIZERS)
    assert joined(grid, [ETTIN[:3]]) == [ETTIN[:3], ["bert"], ["minilm"]]
    assert joined(grid, []) == [[model.name] for model in grid.models]
