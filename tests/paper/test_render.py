"""How values read in the LaTeX of the paper."""

from lionrank.paper.prose import listed
from lionrank.paper.render import counted, identifier, p_in_words, share


def test_words():
    assert counted(1, "query") == "one query"
    assert counted(2, "query") == "two queries"
    assert counted(18, "checkpoint") == "18 checkpoints"
    assert [share(n, 3, "model") for n in range(4)] == [
        *("none of the three models is", "one of the three models is"),
        *("two of the three models are", "all three models are"),
    ]
    assert [share(n, 2, "model", "rises") for n in range(3)] == [
        *("neither of the two models rises", "one of the two models rises", "both models rise"),
    ]
    assert [share(n, 1, "model") for n in range(2)] == ["no model is", "the only model is"]
    assert listed(["A&B", "C", "D"]) == r"A\&B, C and D"
    assert identifier("a/b_c") == r"\texttt{a/\allowbreak{}b\_\allowbreak{}c}"
    assert p_in_words(0.00004) == r"$p <\num{0.0001}$"
    assert p_in_words(0.04) == "$p = 0.0400$"
