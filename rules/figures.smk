# Figures of the paper, each as vector PDF and as PNG for the screen, in paper/figures/.


rule loss_figure:
    input:
        unpack(training_logs),
        style=PAPER / "paper.mplstyle",
    output:
        multiext("paper/figures/loss", ".pdf", ".png"),
    log:
        "logs/paper/loss_figure.log",
    benchmark:
        "timings/paper/loss_figure.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=paper_grid,
        code=code("loss_figure.py"),
    message:
        "Drawing the training losses"
    script:
        "../workflow/scripts/loss_figure.py"


rule changes_figure:
    input:
        changes="results/changes.json",
        style=PAPER / "paper.mplstyle",
    output:
        multiext("paper/figures/changes", ".pdf", ".png"),
    log:
        "logs/paper/changes_figure.log",
    benchmark:
        "timings/paper/changes_figure.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=paper_grid,
        code=code("changes_figure.py"),
    message:
        "Drawing the differences of the topics"
    script:
        "../workflow/scripts/changes_figure.py"
