from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import write_json
from lionrank.release.hub import push

published = push(snakemake.input.folder, snakemake.params.repository, snakemake.params.private)
print(f"{published['url']} is at commit {published['commit']}.")
write_json(snakemake.output[0], published)

end(snakemake)
