"""Read the topics and qrels of an evaluation track strictly, and write them as the others are."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank import trec
    from lionrank.files import only_file

    topics = trec.read_topics(only_file(snakemake.input.topics))
    qrels = trec.read_qrels(only_file(snakemake.input.qrels))
    trec.write_topics(snakemake.output.topics, topics)
    trec.write_qrels(snakemake.output.qrels, qrels)
