import matplotlib.pyplot as plt
import pytest

from lionrank.paper.figures.style import style
from tests.support.drawings import STYLE


@pytest.fixture(autouse=True)
def _in_style():
    with style(STYLE):
        yield
    plt.close("all")
