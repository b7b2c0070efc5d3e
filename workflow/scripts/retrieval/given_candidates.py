from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from collections import Counter

from lionrank import trec
from lionrank.collections.convert import given_reader
from lionrank.retrieval import record
from lionrank.retrieval.candidates import (
    given_candidates,
    tell_queries,
    without_queries,
    write_candidates,
)

output, params, topics = snakemake.output, snakemake.params, snakemake.wildcards.topics
depth, removed = params.depth + params.remove_query, 0
candidates = given_candidates(params.settings, params.folders, topics, depth)
if params.remove_query:
    candidates, removed = without_queries(candidates, params.depth)
    trec.say_removed(output.candidates, removed)
write_candidates(output.candidates, [candidates])
asked = given_reader(params.settings, params.folders).topics(topics)
lines = Counter(candidates["qid"].to_pylist())
record.write(output.record, asked, lines, removed_queries=removed)
if told := tell_queries(output.candidates, snakemake.wildcards.collection):
    announce(told)

end(snakemake)
