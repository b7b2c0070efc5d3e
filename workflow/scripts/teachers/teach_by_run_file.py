from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.teachers import rankings

found = rankings.of_run_file(snakemake.input.run, trec.read_qrels(snakemake.input.qrels))
rankings.write(snakemake.output[0], found, snakemake.wildcards.teacher)

end(snakemake)
