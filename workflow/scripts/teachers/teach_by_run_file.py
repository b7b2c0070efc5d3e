from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.teachers import rankings

given, params = snakemake.input, snakemake.params
found = rankings.of_run_file(given.run, trec.read_qrels(given.qrels), params.remove_query)
rankings.write(snakemake.output[0], found, snakemake.wildcards.teacher)

end(snakemake)
