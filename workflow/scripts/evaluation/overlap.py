from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from lionrank.evaluation.overlap import find, judged_topics
from lionrank.files import write_json

given, params = snakemake.input, snakemake.params
test_sets, dev_sets = (
    dict(zip(names, map(judged_topics, topics, qrels), strict=True))
    for names, topics, qrels in (
        (params.test_sets, given.topics, given.qrels),
        (params.dev_sets, given.dev_topics, given.dev_qrels),
    )
)
found = find(test_sets, dev_sets)
write_json(snakemake.output[0], found)
consequence = (
    "which are left out"
    if params.dropped
    else "which evaluation.drop_development_queries leaves out"
)
for name, each in found.items():
    if shared := len(each["shared"]):
        announce(
            f"{name}: {shared:,} of its {each['topics']:,} topics are development queries, "
            f"{consequence}"
        )

end(snakemake)
