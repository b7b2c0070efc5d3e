"""The console script `lionrank`: run files from anywhere, trainings, and what papers are made from.

A command imports what is slow to import when it runs: `lionrank --help` does not wait for it.
"""

import argparse
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np

from lionrank.config.scorings import AGGREGATIONS
from lionrank.errors import UserError
from lionrank.evaluation.significance import ALPHA, POWER, Contrast, Draws, compare, is_exact
from lionrank.measures import GRADED, PRIMARY

_MRR_10 = "recip_rank_10"
_EVALUATE_EXAMPLES = """\
examples: nDCG@10 over all judged topics, then MAP where grades from 2 are relevant
  lionrank evaluate -c qrels.txt bm25.trec | grep ndcg_cut_10
  lionrank evaluate -c -l 2 qrels.txt bm25.trec | grep '^map '
"""
_COMPARE_EXAMPLES = """\
examples: do two rerankers differ in nDCG@10, then in MAP where grades from 2 are relevant?
  lionrank compare qrels.txt lion.trec adamw.trec
  lionrank compare -m map -l 2 qrels.txt lion.trec adamw.trec
"""
_STATUS_EXAMPLES = """\
examples: what runs here, then what the demo's trainings are doing, every ten seconds
  lionrank status
  watch -n 10 lionrank status runs/demo
"""

_VERIFY_EXAMPLES = """\
examples: all that is behind the demo's paper, then behind one run file of it, and behind an archive
  lionrank verify runs/demo
  lionrank verify runs/demo/results/minilm_lion_e3.trec
  lionrank verify lion-rerank-as_written.zip
"""
_EXPLAIN_EXAMPLES = """\
examples: where does this number of the demo's paper come from, and that of a cell of a table?
  lionrank explain 0.4068 runs/demo/paper/main.pdf
  lionrank explain results:5:pydocs_map runs/demo/paper/main.pdf
"""
_RERANK_EXAMPLES = """\
examples: BM25's ranking by the demo's Lion checkpoint, then the top 100 of another collection
  lionrank rerank runs/demo/checkpoints/minilm_lion_e3 --run runs/demo/results/bm25.trec \\
      --topics runs/demo/collections/pydocs/topics.test.tsv \\
      --corpus runs/demo/collections/pydocs/corpus -o lion.trec
  lionrank rerank hub/minilm_lion_e3 --run bm25.trec.gz --depth 100 \\
      --topics scifact/queries.jsonl --corpus scifact/corpus.jsonl -o lion.trec
"""


def _evaluate(arguments: argparse.Namespace) -> None:
    from lionrank import trec
    from lionrank.evaluation import trec_eval as evaluation

    qrels = trec.read_qrels(arguments.qrels)
    per_query, tag = evaluation.evaluate_file(
        qrels, arguments.qrels, arguments.run, arguments.level, arguments.complete
    )
    sys.stdout.write(evaluation.to_text(per_query, tag))


def _compare(arguments: argparse.Namespace) -> None:
    from lionrank import trec
    from lionrank.evaluation import trec_eval as evaluation

    metrics = [*(name for name in evaluation.MEASURES if name not in evaluation.COUNTS), _MRR_10]
    if arguments.metric not in metrics:
        raise UserError(f"--metric {arguments.metric!r} is not one of {', '.join(metrics)}")
    qrels = trec.read_qrels(arguments.qrels)
    values, lacking = [], []
    for path in (arguments.run_a, arguments.run_b):
        per_query, _ = evaluation.evaluate_file(
            qrels, arguments.qrels, path, arguments.level, complete=True
        )
        values.append([evaluation.value_of(v, arguments.metric) for v in per_query.values()])
        lacking.append(sum(not own["num_ret"] for own in per_query.values()))
    settings = Draws(permutations=arguments.permutations, seed=arguments.seed)
    left, right = map(np.array, values)
    [contrast] = compare(left, right, settings)
    sys.stdout.write(_heading(arguments, contrast.queries, lacking) + _to_text(contrast, settings))


def _status(arguments: argparse.Namespace) -> None:
    from lionrank.training import status

    trainings = status.read(arguments.directory)
    sys.stdout.write(status.to_text(trainings, datetime.now()))


def _verify(arguments: argparse.Namespace) -> None:
    from lionrank.jobs import descent

    with descent.opened(arguments.place) as path:
        chain = descent.trace(path)
    sys.stdout.write(descent.to_text(chain, colours=sys.stdout.isatty()))
    broken = descent.faults(chain)
    if broken:
        raise UserError(
            f"{len(broken)} of {len(chain)} files behind {path} are not what was recorded, "
            f"{broken[0].path} first: it {broken[0].fault}"
        )
    here = sum(link.here for link in chain.values())
    print(f"{here} of {len(chain)} files are here, all of them as recorded.")


def _explain(arguments: argparse.Namespace) -> None:
    from lionrank.audit.explain import explain, find
    from lionrank.jobs import descent

    with descent.opened(arguments.place):
        sys.stdout.write(explain(find(arguments.number)))


def _rerank(arguments: argparse.Namespace) -> None:
    from lionrank.reranking.command import rerank

    given = {name: value for name, value in vars(arguments).items() if name != "command"}
    rerank(**given)


def _heading(arguments: argparse.Namespace, topics: int, lacking: list[int]) -> str:
    graded = arguments.metric == GRADED
    threshold = "by the grades" if graded else f"relevant from grade {arguments.level}"
    lines = [f"{arguments.metric} over the {topics} topics of {arguments.qrels}, {threshold}"]
    for name, path, absent in zip("AB", (arguments.run_a, arguments.run_b), lacking, strict=True):
        zeros = f" (lacks {absent} of the topics, which count as 0)" if absent else ""
        lines.append(f"{name} = {path}{zeros}")
    return "\n".join(lines) + "\n\n"


def _to_text(contrast: Contrast, settings: Draws) -> str:
    signs = (
        f"all {2**contrast.queries:,} assignments of signs"
        if is_exact(contrast.queries, settings.permutations)
        else f"{settings.permutations:,} random assignments of signs (seed {settings.seed})"
    )
    return f"""\
mean of A           {contrast.left_mean:8.4f}
mean of B           {contrast.right_mean:8.4f}
A - B               {contrast.difference:+8.4f}
  {settings.confidence:.0%} interval      {contrast.low:+8.4f}  to {contrast.high:+.4f}; \
bootstrap over topics, {settings.resamples:,} resamples
  effect size       {contrast.effect_size:+8.2f}  standard deviations over topics (Cohen's d_z)
  detectable        {contrast.detectable:8.4f}  the smallest true difference that the t-test \
finds {POWER:.0%} of the time at p <= {ALPHA}
randomization test  {_p(contrast.p_randomization)}  two-sided p; {signs}
paired t-test       {_p(contrast.p_t)}  two-sided p
A wins              {contrast.wins:8}  topics
ties                {contrast.ties:8}
B wins              {contrast.losses:8}
"""


def _p(value: float) -> str:
    return f"{value:8.4f}" if value >= 0.0001 or value == 0 else f"{value:8.1e}"


def _from(least: int) -> Callable[[str], int]:
    """Return a type of argument: an integer of at least `least`."""

    def integer(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return integer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lionrank",
        description="Rerank with a checkpoint, evaluate and compare TREC run files, see what "
        "trainings are doing,\nand check what a paper was made from.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = partial(commands.add_parser, formatter_class=argparse.RawDescriptionHelpFormatter)
    for add in (_add_rerank, _add_evaluate, _add_compare, _add_status, _add_verify, _add_explain):
        add(command)
    return parser


def _add_rerank(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "rerank",
        help="rerank a run file with a checkpoint",
        description="Score the candidates of a TREC run file with a checkpoint, and write a run "
        "file by these\nscores, raw logits. After it was stopped, the same command goes on.",
        epilog=_RERANK_EXAMPLES,
    )
    added.add_argument(
        "checkpoint",
        metavar="CHECKPOINT",
        type=Path,
        help="folder of a checkpoint: checkpoints/NAME or hub/NAME of an experiment, or a public "
        "cross-encoder that was downloaded",
    )
    added.add_argument(
        "--run", required=True, help="run file with the candidates; may be packed; - is stdin"
    )
    added.add_argument(
        "--topics",
        required=True,
        type=Path,
        help="their queries: qid<TAB>text, BEIR's queries.jsonl, or TREC's topics",
    )
    added.add_argument(
        "--corpus",
        required=True,
        type=Path,
        help="their texts: corpus.jsonl of BEIR or Anserini, docid<TAB>text, or a folder with the "
        "one or the other, or with Parquet files",
    )
    added.add_argument(
        *("-o", "--output"), required=True, type=Path, help="run file, there when it is complete"
    )
    added.add_argument(
        "--depth", type=_from(1), help="candidates of a topic, the highest scores (default: all)"
    )
    added.add_argument(
        "--remove-query",
        action="store_true",
        help="leave out, and count, documents with the id of their topic, which are the query "
        "itself in some collections, such as ArguAna",
    )
    added.add_argument(
        "--skip-missing",
        action="store_true",
        help="leave out, and count, topics and documents that have no text, which end it otherwise",
    )
    added.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="auto is a GPU where there is one (default: %(default)s)",
    )
    added.add_argument(
        "--precision",
        choices=("auto", "bf16", "fp32"),
        help="of the arithmetic; auto is the device's fastest (default: as in training, else auto)",
    )
    added.add_argument(
        "--tokens-at-once",
        type=_from(1),
        metavar="N",
        help="of a batch (default: 2,048 on a CPU, 65,536 on a GPU)",
    )
    added.add_argument(
        "--aggregation",
        choices=AGGREGATIONS,
        help="score long texts in windows, by the first, the best, the mean or the mean of the k "
        "best, or in full, as far as the model reads (default: cut at the checkpoint's own length)",
    )
    added.add_argument("--window", type=_from(1), help="tokens of the text in a window")
    added.add_argument(
        "--stride", type=_from(1), help="tokens from the beginning of a window to that of the next"
    )
    added.add_argument("-k", type=_from(1), help="the windows that top_k takes the mean of")
    added.set_defaults(command=_rerank)


def _add_evaluate(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "evaluate",
        help="evaluate a run file; prints what `trec_eval -q` prints",
        description="Evaluate a TREC run file and print what `trec_eval -q` prints.",
        epilog=_EVALUATE_EXAMPLES,
    )
    _add_qrels(added)
    added.add_argument("run", metavar="RUN", help="run file: qid Q0 docid rank score tag")
    added.add_argument(
        *("-c", "--complete"),
        action="store_true",
        help="average over all topics of QRELS, counting those that RUN lacks as 0",
    )
    added.set_defaults(command=_evaluate)


def _add_compare(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "compare",
        help="test whether two run files differ significantly",
        description="Compare two TREC run files over the topics of QRELS with paired tests. "
        "A topic that a run\nfile lacks counts as 0, as with `lionrank evaluate -c`.",
        epilog=_COMPARE_EXAMPLES,
    )
    _add_qrels(added)
    added.add_argument("run_a", metavar="RUN_A", help="run file: qid Q0 docid rank score tag")
    added.add_argument("run_b", metavar="RUN_B", help="the run file that is subtracted from it")
    added.add_argument(
        *("-m", "--metric"),
        default=PRIMARY,
        help=f"a measure of `lionrank evaluate`, no count, or {_MRR_10} (default: %(default)s)",
    )
    added.add_argument(
        "--permutations",
        type=_from(1),
        default=Draws.permutations,
        help="random assignments of signs of the randomization test (default: %(default)s)",
    )
    added.add_argument(
        "--seed",
        type=_from(0),
        default=Draws.seed,
        help="seed of tests and interval (default: %(default)s)",
    )
    added.set_defaults(command=_compare)


def _add_status(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "status",
        help="say what the trainings of an experiment are doing",
        description="List the trainings of an experiment with epoch, step and loss, speed and "
        "estimated end,\nfrom their logs. Steps count over all epochs of a training.",
        epilog=_STATUS_EXAMPLES,
    )
    _add_place(added, "directory", "the experiment's working directory (default: the current one)")
    added.set_defaults(command=_status)


def _add_verify(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "verify",
        help="check what a paper, or any file of an experiment, was made from",
        description="Follow the records from a file of an experiment back to the sources, and "
        "compare each file on\nthe way with the SHA-256 that was recorded when it was made.",
        epilog=_VERIFY_EXAMPLES,
    )
    _add_place(
        added,
        "place",
        "a file of an experiment, or the working directory or archive whose paper is meant "
        "(default: the current directory)",
    )
    added.set_defaults(command=_verify)


def _add_explain(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "explain",
        help="say where a number of a paper comes from",
        description="Find a number as it is printed among the means and the tables of an "
        "experiment, and show\nthe topics, run file, checkpoint, log, settings and data behind it.",
        epilog=_EXPLAIN_EXAMPLES,
    )
    added.add_argument(
        "number",
        metavar="NUMBER",
        help="as the paper prints it, e.g. 0.4068, or TABLE:LINE:COLUMN of a table of CSV",
    )
    _add_place(
        added,
        "place",
        "paper/main.pdf of an experiment, its working directory, or its archive "
        "(default: the current directory)",
    )
    added.set_defaults(command=_explain)


def _add_qrels(command: argparse.ArgumentParser) -> None:
    command.add_argument("qrels", metavar="QRELS", help="judgements: qid iteration docid grade")
    command.add_argument(
        *("-l", "--level"),
        type=int,
        default=1,
        help="relevance threshold: the least grade that counts as relevant (default: %(default)s)",
    )


def _add_place(command: argparse.ArgumentParser, name: str, told: str) -> None:
    command.add_argument(name, metavar=name.upper(), nargs="?", default=".", help=told)


def main() -> None:
    """Run the command line; what the user can fix ends it with one line and exit status 1."""
    # As other filters do, end without a word when the reader, say `head`, has read enough.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    arguments = _parser().parse_args()
    try:
        arguments.command(arguments)
    except UserError as error:
        sys.exit(f"lionrank: {error}")
    except KeyboardInterrupt:
        print("lionrank: interrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"lionrank: {where}{error.strerror}")
