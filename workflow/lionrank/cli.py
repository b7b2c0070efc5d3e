"""The console script `lionrank`: the project's evaluation for run files from anywhere."""

import argparse
import sys

from lionrank.errors import UserError


def _evaluate(arguments: argparse.Namespace) -> None:
    from lionrank import evaluation, trec

    run, tag = trec.read_run(arguments.run)
    per_query = evaluation.evaluate(
        trec.read_qrels(arguments.qrels), run, arguments.level, arguments.complete
    )
    sys.stdout.write(evaluation.to_text(per_query, tag))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lionrank", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    evaluate = commands.add_parser(
        "evaluate",
        help="evaluate a run file; prints what `trec_eval -q` prints",
        description="Evaluate a TREC run file and print what `trec_eval -q` prints.",
    )
    evaluate.add_argument("qrels", metavar="QRELS", help="judgements: qid iteration docid grade")
    evaluate.add_argument("run", metavar="RUN", help="run file: qid Q0 docid rank score tag")
    evaluate.add_argument(
        "--level", type=int, default=1, help="least grade that counts as relevant (default: 1)"
    )
    evaluate.add_argument(
        "--complete",
        action="store_true",
        help="average over all judged topics, counting those that RUN lacks as zero",
    )
    evaluate.set_defaults(command=_evaluate)
    return parser


def main() -> None:
    """Run the command line; a `UserError` ends it with its message and exit status 1."""
    arguments = _parser().parse_args()
    try:
        arguments.command(arguments)
    except (UserError, OSError) as error:
        sys.exit(f"lionrank: {error}")
