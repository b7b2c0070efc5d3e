# Tables of the search for settings, in paper/tables/.


localrules:
    search_tables,


rule search_tables:
    input:
        choices=[*PLAN.search.choices().values()],
    output:
        search="paper/tables/search.tex",
        search_map="paper/tables/search.tex.map",
        search_csv="paper/tables/search.csv",
        search_spaces="paper/tables/search_spaces.tex",
        search_spaces_map="paper/tables/search_spaces.tex.map",
        search_spaces_csv="paper/tables/search_spaces.csv",
        search_trials="paper/tables/search_trials.tex",
        search_trials_map="paper/tables/search_trials.tex.map",
        search_trials_csv="paper/tables/search_trials.csv",
    log:
        "logs/paper/search_tables.log",
    benchmark:
        "timings/paper/search_tables.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        search=PLAN.paper.search(),
        templates=[of_repository(f"paper/tables/{name}.tex.j2") for name in SEARCH_TABLES],
        code=code("paper/tables/search_tables.py"),
    message:
        "Making the tables of the search for settings"
    script:
        "../../../workflow/scripts/paper/tables/search_tables.py"
