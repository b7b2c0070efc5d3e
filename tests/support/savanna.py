"""A package of one module whose docstrings are a collection, with what is to be passed over."""

from pathlib import Path

BODY = "The lion is a large cat of the genus Panthera, native to Sub-Saharan Africa and India. "
SOURCE = f'''
"""Module docstrings are not used."""

def roar(volume):
    """Roar at the
    given volume.

    {BODY * 2}

    See Also
    --------
    purr : The quiet way.
    numpy.absent, Cub.play
        Both on one line.

    Notes
    -----
    Kept as part of the body.
    """

def _hidden():
    """Private functions are not used.

    {BODY * 2}
    """

class Cub:
    """A young lion of the pride.

    {BODY * 3}

    .. seealso::
        :func:`~savanna.lion.roar` - what it will do one day

        :meth:`purr`

    The end of the body.
    """

    def play(self):
        """Too short a body to be a passage.

        No.
        """

try:
    def purr():
        """Purr at the lowest volume.

        {BODY * 4}

        See Also
        ========

        savanna.lion.Cub
        """
except ImportError:
    pass
'''


def write_savanna(folder: Path) -> Path:
    """Write the package, with tests and a file that does not parse, and return its folder."""
    package = folder / "savanna"
    (package / "tests").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('never imported')\n")
    (package / "lion.py").write_text(SOURCE)
    (package / "tests" / "test_lion.py").write_text(SOURCE)
    (package / "template.py").write_text("def {{ name }}(:\n")
    return package
