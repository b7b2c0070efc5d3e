"""Write the best epoch of a training on development data, and the scores that it is chosen by."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import write_json
from lionrank.training import development

epochs = development.trained(development.read(snakemake.input), snakemake.params.patience)
write_json(snakemake.output[0], development.best(epochs) | {"epochs": epochs})

end(snakemake)
