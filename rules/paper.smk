# Tables, figures, text and PDF of the paper; everything lands in paper/ of the working directory,
# while templates, style and bibliography are read from paper/ of the repository.

TEMPLATES = [PAPER / "main.tex.j2", *sorted(PAPER.glob("sections/*.tex.j2"))]
# The paper reports the first test set, whose run files lie directly in results/, and needs no other.
TEST_SET = TEST_SETS[0]
COLLECTION = config["test_sets"][TEST_SET]["collection"]
TRAINING = config["training_pairs"]["collection"]


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


rule results_table:
    input:
        metrics="results/metrics.csv",
    output:
        "paper/tables/results.tex",
    log:
        "logs/paper/results_table.log",
    benchmark:
        "timings/paper/results_table.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=paper_grid,
        test_set=TEST_SET,
        code=code("results_table.py"),
    message:
        "Making the table of results"
    script:
        "../workflow/scripts/results_table.py"


rule hyperparameters_table:
    output:
        "paper/tables/hyperparameters.tex",
    log:
        "logs/paper/hyperparameters_table.log",
    benchmark:
        "timings/paper/hyperparameters_table.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=paper_grid,
        settings=all_settings,
        code=code("hyperparameters_table.py"),
    message:
        "Making the table of training settings"
    script:
        "../workflow/scripts/hyperparameters_table.py"


rule collection_table:
    input:
        statistics=f"collections/{COLLECTION}/statistics.json",
    output:
        "paper/tables/collection.tex",
    log:
        "logs/paper/collection_table.log",
    benchmark:
        "timings/paper/collection_table.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code("collection_table.py"),
    message:
        "Making the table of the collection"
    script:
        "../workflow/scripts/collection_table.py"


rule provenance:
    input:
        runs=run_files_of(TEST_SET),
        metrics="results/metrics.csv",
        pairs=f"collections/{TRAINING}/pairs.json",
    output:
        "paper/provenance.json",
    log:
        "logs/paper/provenance.log",
    benchmark:
        "timings/paper/provenance.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        config=config,
        repository=ROOT,
        code=code("provenance.py"),
    message:
        "Recording where the results come from"
    script:
        "../workflow/scripts/provenance.py"


rule main_tex:
    input:
        unpack(training_logs),
        templates=TEMPLATES,
        metrics="results/metrics.csv",
        statistics=f"collections/{COLLECTION}/statistics.json",
        provenance="paper/provenance.json",
    output:
        "paper/main.tex",
    log:
        "logs/paper/main_tex.log",
    benchmark:
        "timings/paper/main_tex.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        grid=paper_grid,
        settings=all_settings,
        test_set=TEST_SET,
        label=config["test_sets"][TEST_SET]["label"],
        collection=COLLECTION,
        selection=config["collections"][COLLECTION],
        training=config["collections"][TRAINING],
        backbones=config["models"],
        retrieval=config["retrieval"],
        pairs=config["training_pairs"],
        relevance_level=config["evaluation"]["relevance_level"],
        paper=config["paper"],
        code=code("main_tex.py"),
    message:
        "Writing the text of the paper"
    script:
        "../workflow/scripts/main_tex.py"


rule compile_paper:
    input:
        tex="paper/main.tex",
        parts=[
            "paper/figures/loss.pdf",
            "paper/tables/collection.tex",
            "paper/tables/hyperparameters.tex",
            "paper/tables/results.tex",
        ],
        bibliography=PAPER / "refs.bib",
        provenance="paper/provenance.json",
    output:
        "paper/main.pdf",
    log:
        "logs/paper/compile_paper.log",
    benchmark:
        "timings/paper/compile_paper.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        # Not a log of the rule: Snakemake shows those in full when a rule fails.
        latex_log="logs/paper/latex.log",
        code=code("compile_paper.py"),
    message:
        "Compiling {output}"
    script:
        "../workflow/scripts/compile_paper.py"
