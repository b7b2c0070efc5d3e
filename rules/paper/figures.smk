# Figures of the paper, each as vector PDF and as PNG for the screen, in paper/figures/.


localrules:
    curves_figure,
    epochs_figure,
    changes_figure,
    cost_figure,
    depths_figure,
    scorings_figure,
    systems_figure,
    seeds_figure,
    differences_figure,
    sizes_figure,
    gains_figure,
    treatments_figure,
    search_figure,
    budget_figure,


rule curves_figure:
    input:
        **PLAN.training_logs(),
        best=PLAN.best_epochs(),
    output:
        "paper/figures/curves.pdf",
        report(
            "paper/figures/curves.png",
            caption="../../workflow/report/curves.rst",
            category="Figures",
            labels={"Figure": "Training curves"},
        ),
    log:
        "logs/paper/curves_figure.log",
    benchmark:
        "timings/paper/curves_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/curves_figure.py"),
    message:
        "Drawing the curves of the trainings"
    script:
        "../../workflow/scripts/paper/figures/curves_figure.py"


rule epochs_figure:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
    output:
        "paper/figures/epochs.pdf",
        report(
            "paper/figures/epochs.png",
            caption="../../workflow/report/epochs.rst",
            category="Figures",
            labels={"Figure": "Effectiveness over the epochs"},
        ),
    log:
        "logs/paper/epochs_figure.log",
    benchmark:
        "timings/paper/epochs_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/epochs_figure.py"),
    message:
        "Drawing the scores over the epochs"
    script:
        "../../workflow/scripts/paper/figures/epochs_figure.py"


rule changes_figure:
    input:
        changes="results/changes.json",
    output:
        "paper/figures/changes.pdf",
        report(
            "paper/figures/changes.png",
            caption="../../workflow/report/changes.rst",
            category="Figures",
            labels={"Figure": "Differences of the topics"},
        ),
    log:
        "logs/paper/changes_figure.log",
    benchmark:
        "timings/paper/changes_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/changes_figure.py"),
    message:
        "Drawing the differences of the topics"
    script:
        "../../workflow/scripts/paper/figures/changes_figure.py"


rule cost_figure:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
        efficiency="results/efficiency.json",
    output:
        "paper/figures/cost.pdf",
        report(
            "paper/figures/cost.png",
            caption="../../workflow/report/cost.rst",
            category="Figures",
            labels={"Figure": "Effectiveness against cost"},
        ),
    log:
        "logs/paper/cost_figure.log",
    benchmark:
        "timings/paper/cost_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/cost_figure.py"),
    message:
        "Drawing the scores against the cost of training"
    script:
        "../../workflow/scripts/paper/figures/cost_figure.py"


rule depths_figure:
    input:
        depths="results/depths.csv",
    output:
        "paper/figures/depths.pdf",
        report(
            "paper/figures/depths.png",
            caption="../../workflow/report/depths.rst",
            category="Figures",
            labels={"Figure": "Effectiveness by depth"},
        ),
    log:
        "logs/paper/depths_figure.log",
    benchmark:
        "timings/paper/depths_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/depths_figure.py"),
    message:
        "Drawing the scores by the depth of the candidates"
    script:
        "../../workflow/scripts/paper/figures/depths_figure.py"


rule scorings_figure:
    input:
        scorings="results/scorings.csv",
    output:
        "paper/figures/scorings.pdf",
        report(
            "paper/figures/scorings.png",
            caption="../../workflow/report/scorings.rst",
            category="Figures",
            labels={"Figure": "How documents are scored"},
        ),
    log:
        "logs/paper/scorings_figure.log",
    benchmark:
        "timings/paper/scorings_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        test_sets=PLAN.paper.test_sets(),
        scorings=PLAN.paper.scorings(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/scorings_figure.py"),
    message:
        "Drawing the scores by how documents are scored"
    script:
        "../../workflow/scripts/paper/figures/scorings_figure.py"


rule systems_figure:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
    output:
        "paper/figures/systems.pdf",
        report(
            "paper/figures/systems.png",
            caption="../../workflow/report/systems.rst",
            category="Figures",
            labels={"Figure": "All systems"},
        ),
    log:
        "logs/paper/systems_figure.log",
    benchmark:
        "timings/paper/systems_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/systems_figure.py"),
    message:
        "Drawing the scores of all systems"
    script:
        "../../workflow/scripts/paper/figures/systems_figure.py"


rule seeds_figure:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
    output:
        "paper/figures/seeds.pdf",
        report(
            "paper/figures/seeds.png",
            caption="../../workflow/report/seeds.rst",
            category="Figures",
            labels={"Figure": "Every seed"},
        ),
    log:
        "logs/paper/seeds_figure.log",
    benchmark:
        "timings/paper/seeds_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/seeds_figure.py"),
    message:
        "Drawing the scores of every seed"
    script:
        "../../workflow/scripts/paper/figures/seeds_figure.py"


rule differences_figure:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
    output:
        "paper/figures/differences.pdf",
        report(
            "paper/figures/differences.png",
            caption="../../workflow/report/differences.rst",
            category="Figures",
            labels={"Figure": "Differences from the first stage"},
        ),
    log:
        "logs/paper/differences_figure.log",
    benchmark:
        "timings/paper/differences_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/differences_figure.py"),
    message:
        "Drawing the differences from the first stage by test set"
    script:
        "../../workflow/scripts/paper/figures/differences_figure.py"


rule sizes_figure:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
        parameters="results/parameters.json",
    output:
        "paper/figures/sizes.pdf",
        report(
            "paper/figures/sizes.png",
            caption="../../workflow/report/sizes.rst",
            category="Figures",
            labels={"Figure": "Effectiveness against size"},
        ),
    log:
        "logs/paper/sizes_figure.log",
    benchmark:
        "timings/paper/sizes_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        ladders=[*contrasts.ladders(config).values()],
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/sizes_figure.py"),
    message:
        "Drawing the scores against the parameters of the encoders"
    script:
        "../../workflow/scripts/paper/figures/sizes_figure.py"


rule gains_figure:
    input:
        comparisons="results/comparisons.json",
        best=PLAN.best_epochs(),
        parameters="results/parameters.json",
    output:
        "paper/figures/gains.pdf",
        report(
            "paper/figures/gains.png",
            caption="../../workflow/report/gains.rst",
            category="Figures",
            labels={"Figure": "Gains against size"},
        ),
    log:
        "logs/paper/gains_figure.log",
    benchmark:
        "timings/paper/gains_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        ladders=[*contrasts.ladders(config).values()],
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/gains_figure.py"),
    message:
        "Drawing differences of treatments against the parameters of the encoders"
    script:
        "../../workflow/scripts/paper/figures/gains_figure.py"


rule treatments_figure:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
    output:
        "paper/figures/treatments.pdf",
        report(
            "paper/figures/treatments.png",
            caption="../../workflow/report/treatments.rst",
            category="Figures",
            labels={"Figure": "Treatments by test set"},
        ),
    log:
        "logs/paper/treatments_figure.log",
    benchmark:
        "timings/paper/treatments_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        studies={
            study: [of_repository(name) for name in PLAN.published.files(study)]
            for study in PLAN.studies
        },
        compared=PLAN.published.compared(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/treatments_figure.py"),
    message:
        "Drawing the treatments on every test set"
    script:
        "../../workflow/scripts/paper/figures/treatments_figure.py"


rule search_figure:
    input:
        choices=[*PLAN.search.choices().values()],
    output:
        "paper/figures/search.pdf",
        report(
            "paper/figures/search.png",
            caption="../../workflow/report/search.rst",
            category="Figures",
            labels={"Figure": "Scores by learning rate"},
        ),
    log:
        "logs/paper/search_figure.log",
    benchmark:
        "timings/paper/search_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/search_figure.py"),
    message:
        "Drawing the scores of all trials by their learning rates"
    script:
        "../../workflow/scripts/paper/figures/search_figure.py"


rule budget_figure:
    input:
        choices=[*PLAN.search.choices().values()],
    output:
        "paper/figures/budget.pdf",
        report(
            "paper/figures/budget.png",
            caption="../../workflow/report/budget.rst",
            category="Figures",
            labels={"Figure": "Expected best scores"},
        ),
    log:
        "logs/paper/budget_figure.log",
    benchmark:
        "timings/paper/budget_figure.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        style=of_repository("paper/paper.mplstyle"),
        code=code("paper/figures/budget_figure.py"),
    message:
        "Drawing the expected best scores by the number of trials"
    script:
        "../../workflow/scripts/paper/figures/budget_figure.py"
