"""The table that `lionrank status` prints."""

from datetime import datetime

from lionrank.training import status
from lionrank.training.status import Training
from lionrank.training.status_table import to_text


def test_the_table_has_a_row_a_training_in_columns_and_then_the_totals():
    running = Training(
        name="minilm_adamw",
        state=status.RUNNING,
        note="running, Slurm job 4711 on node07",
        epoch=2,
        epochs=3,
        step=43_494,
        steps=93_282,
        loss=0.21344,
        examples_per_second=1812.4,
        ends=datetime(2025, 3, 1, 18, 42, 10),
        device_hours=4.1,
    )
    stopped = Training(
        name="gte_lion",
        state=status.STOPPED,
        note="stopped after step 3; begins epoch 1 anew when run again",
        epoch=1,
        step=3,
        examples_per_second=20.26,
        device_hours=0.016,
    )
    trainings = [stopped, running, Training("gte_adamw", status.NOT_BEGUN, "not begun")]
    assert (
        to_text(trainings, datetime(2025, 3, 1, 9))
        == """\
training      epoch             step    loss    examples/s  ends         state
gte_lion      1                    3       -          20.3  -            stopped after step 3; \
begins epoch 1 anew when run again
minilm_adamw  2/3      43,494/93,282  0.2134         1,812  today 18:42  running, Slurm job 4711 \
on node07
gte_adamw     -                    -       -             -  -            not begun

1 running, 1 stopped, 1 not begun; 4.12 device hours so far
"""
    )
    assert "  2025-03-01 18:42  " in to_text(trainings, datetime(2025, 2, 28, 20))


def test_without_device_hours_none_are_told():
    text = to_text([Training("gte_adamw", status.NOT_BEGUN, "not begun")], datetime.now())
    assert text.endswith("\n\n1 not begun\n")
