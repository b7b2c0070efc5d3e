"""The phases of a training's time, as its log names them.

Here because to read a log is not to wait for torch, which the meter that writes it needs.
"""

STEP_PHASES = ("data", "forward", "backward", "optimizer")
"""Of which a step consists."""
PHASES = (*STEP_PHASES, "save")
