from lionrank.jobs.script import begin, end

begin(snakemake)

from collections import Counter

from lionrank.collections.convert import given_reader
from lionrank.retrieval import record
from lionrank.retrieval.candidates import given_candidates, write_candidates

output, params = snakemake.output, snakemake.params
candidates = given_candidates(
    params.settings, params.folders, snakemake.wildcards.topics, params.depth
)
write_candidates(output.candidates, [candidates])
topics = given_reader(params.settings, params.folders).topics(snakemake.wildcards.topics)
record.write(output.record, topics, Counter(candidates["qid"].to_pylist()))

end(snakemake)
