from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank import trec
from lionrank.collections import pydocs
from lionrank.collections.describe import describe
from lionrank.files import write_json, write_json_lines

documents, topics = pydocs.build(
    snakemake.wildcards.collection, snakemake.params.settings, snakemake.threads
)
write_json_lines(
    Path(snakemake.output.corpus, "documents.jsonl"),
    ({"id": document.docid, "contents": document.contents} for document in documents),
)
for split, topics_file, qrels_file in zip(
    pydocs.SPLITS, snakemake.output.topics, snakemake.output.qrels, strict=True
):
    of_split = [topic for topic in topics if topic.split == split]
    trec.write_topics(topics_file, {topic.qid: topic.query for topic in of_split})
    trec.write_qrels(qrels_file, {topic.qid: topic.judgements for topic in of_split})
described = describe(
    Path(snakemake.output.corpus),
    dict(zip(pydocs.SPLITS, map(Path, snakemake.output.topics), strict=True)),
    dict(zip(pydocs.SPLITS, map(Path, snakemake.output.qrels), strict=True)),
    snakemake.threads,
)
late = pydocs.write_relevant_parts(snakemake.output.relevant_parts, topics)
for split, share in late.items():
    print(f"{split} topics that are answered beyond {pydocs.POSITIONS} tokens: {share:.1%}")
write_json(
    snakemake.output.statistics,
    described
    | {"packages": pydocs.packages(documents)}
    | {"answered_late": {"tokens": pydocs.POSITIONS, "share": late}},
)

end(snakemake)
