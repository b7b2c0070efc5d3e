from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.cross_encoder.initialise import initialise

initialise(
    snakemake.params.backbone,
    snakemake.params.folders,
    snakemake.params.seed,
    snakemake.params.max_length,
    snakemake.output[0],
)

end(snakemake)
