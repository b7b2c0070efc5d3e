from lionrank.jobs.script import begin, end

begin(snakemake)

import pyarrow as pa

from lionrank import parquet

tables = [parquet.read(path, parquet.WINDOWS) for path in snakemake.input]
parquet.write_table(snakemake.output[0], pa.concat_tables(tables))

end(snakemake)
