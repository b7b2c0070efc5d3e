"""Pack the experiment, with checksums, for a repository such as Zenodo."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.release.archive import find_files, naming, pack

inputs = snakemake.input
files = find_files(
    made=[*inputs.results, *inputs.computed, *inputs.training, *inputs.paper],
    repository=[located(snakemake, each) for each in snakemake.params.repository],
    folders=["logs", "timings", "records"],
    unfinished=[snakemake.log[0], snakemake.params.timing],
)
provenance = read_json("paper/provenance.json")
packed = pack(snakemake.output[0], files, snakemake.params.config, provenance)
size = Path(snakemake.output[0]).stat().st_size
print(f"{snakemake.output[0]} has {len(packed) + 1} files and {size:,} bytes.")
if private := naming(files, Path.home()):
    print(f"Before you publish it, look at what names {Path.home()}:", *private)

end(snakemake)
