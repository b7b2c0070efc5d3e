"""The pages for the screen: what they show of results, and how they behave in a real browser."""

import json
import re

import pandas as pd
import pytest

from lionrank.errors import UserError
from lionrank.report.results_page import results_page
from lionrank.report.screen_curves import BINS, thinned
from lionrank.report.tables import columns, screen_table
from tests.support.browser import visit
from tests.support.papers import GRID, TEST_SETS

PAPER = {"title": "Lion & AdamW", "note": "Small models <only>."}
LABELS = {"lion": "Lion", "dl19": "TREC DL 2019"}
CHOSEN = 2
CURVES = ("loss", "held_out", "lr", "grad_norm")


def write_metrics(path):
    """Write the means of every system, each larger than the one before, and return them."""
    systems = ["bm25", *GRID.checkpoints()]
    lines = ["test_set,system,metric,level,mean,low,high,queries"]
    means = {system: (place + 1) / 100 for place, system in enumerate(systems)}
    for test_set, entry in TEST_SETS.items():
        for system, mean in means.items():
            if test_set == "given" and system == "bm25":
                continue
            for metric in ("map", "recip_rank_10", "recall_10", "Rprec", "P_10"):
                for level in entry["levels"]:
                    value = mean + level / 1000
                    lines.append(f"{test_set},{system},{metric},{level},{value},0.001,0.9,9")
            lines.append(f"{test_set},{system},ndcg_cut_10,,{mean},0.001,0.9,9")
    path.write_text("\n".join(lines) + "\n")
    return means


def write_trainings(folder, held_out=True):
    """Write the logs of the grid's trainings and their best epochs, and return the paths."""
    logs, best = {}, []
    for number, training in enumerate((each.name for each in GRID.trainings()), start=1):
        logs[training] = [folder / f"{training}_e{epoch}.jsonl" for epoch in GRID.epochs]
        for epoch, path in zip(GRID.epochs, logs[training], strict=True):
            steps = range(20 * (epoch - 1) + 1, 20 * epoch + 1)
            lines = [
                {"step": s, "epoch": s / 20, "loss": number / s, "lr": number * 1e-5 / s}
                | {"grad_norm": number + s % 3}
                for s in steps
            ]
            if held_out:
                lines.append({"step": 20 * epoch, "epoch": epoch, "eval_loss": number / epoch})
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        epochs = [
            {"epoch": e, "eval_loss": number / e if held_out else None, "mean_ndcg_cut_10": 0.1 * e}
            for e in GRID.epochs
        ]
        best.append(folder / f"{training}.best.json")
        best[-1].write_text(json.dumps({"epoch": CHOSEN, "epochs": epochs}))
    return logs, best


@pytest.fixture(name="page")
def _page(tmp_path):
    write_metrics(tmp_path / "metrics.csv")
    logs, best = write_trainings(tmp_path)
    path = tmp_path / "results.html"
    path.write_text(
        results_page(tmp_path / "metrics.csv", best, logs, GRID, TEST_SETS, PAPER), "utf-8"
    )
    return path


def shown(page, column):
    """Return the cells of a column of the rows that are left, a column by its heading."""
    heads = page.locator("#checkpoints thead th:visible").all_inner_texts()
    place = [re.sub(r"\W", "", head) for head in heads].index(re.sub(r"\W", "", column))
    rows = page.locator("#checkpoints tbody tr:visible")
    return [
        row.locator("> :visible").nth(place).inner_text().split("\n")[0].strip()
        for row in rows.all()
    ]


def drawn(page, curve="loss"):
    """Return the trainings whose lines a plot shows."""
    script = """(title) => [...new Set(Bokeh.documents.flatMap((each) => each.roots())
        .filter((root) => root.left[0].axis_label === title)
        .flatMap((root) => root.renderers.filter((each) => each.visible))
        .map((each) => each.tags[0]))]"""
    return set(page.evaluate(script, {"loss": "Training loss", "lr": "Learning rate"}[curve]))


def test_the_results_page_is_whole_in_itself_and_draws_every_curve(page):
    with visit() as reader:
        reader.open(page)
        for curve in CURVES:
            reader.page.wait_for_selector(f"#curve-{curve} canvas")
            assert reader.has_ink(f"#curve-{curve}")
        assert reader.page.title() == "Checkpoints and training curves"
        assert "Demonstration. Small models <only>." in reader.page.inner_text("header")
        assert "Lion & AdamW" in reader.page.inner_text("header")
        assert len(shown(reader.page, "Model")) == 1 + 18
        assert not reader.errors
        assert not reader.asked


def test_a_heading_sorts_and_sorts_the_other_way_at_the_second_click(page):
    with visit() as reader:
        reader.open(page)
        before = shown(reader.page, "MAP")
        assert before == sorted(before)
        reader.page.get_by_role("button", name="MAP").click()
        assert shown(reader.page, "MAP") == before[::-1]
        head = reader.page.locator("th[aria-sort]")
        assert head.get_attribute("aria-sort") == "descending"
        # The keyboard does what the mouse does.
        reader.page.get_by_role("button", name="MAP").press("Enter")
        assert shown(reader.page, "MAP") == before
        assert head.get_attribute("aria-sort") == "ascending"
        reader.page.get_by_role("button", name="Held-out loss").click()
        losses = shown(reader.page, "Held-out loss")
        assert losses[-1] == "\N{EN DASH}"  # BM25 has none, and is last either way
        assert [float(each) for each in losses[:-1]] == sorted(map(float, losses[:-1]))


def test_filters_leave_rows_by_model_optimizer_epoch_and_choice(page):
    with visit() as reader:
        reader.open(page)
        window = reader.page
        window.get_by_label("GTE", exact=True).uncheck()
        assert "GTE" not in shown(window, "Model")
        assert len(shown(window, "Model")) == 1 + 12
        window.get_by_label("AdamW", exact=True).uncheck()
        assert set(shown(window, "Optimizer")) == {"", "Lion"}
        window.get_by_label("only chosen epochs").check()
        assert shown(window, "Epoch") == ["", f"{CHOSEN}†", f"{CHOSEN}†"]
        assert drawn(window) == drawn(window, "lr") == {"minilm_lion", "modernbert_lion"}
        window.get_by_label("BM25").uncheck()
        assert len(shown(window, "Model")) == 2
        assert window.inner_text("#count").startswith("2 of 19 rows")
        window.get_by_role("button", name="Show all").click()
        window.wait_for_function("document.querySelectorAll('tbody tr[hidden]').length === 0")
        assert len(drawn(window)) == 6


def test_a_range_is_of_the_measure_and_the_test_set_that_are_chosen(page):
    with visit() as reader:
        reader.open(page)
        window = reader.page
        window.get_by_label("Measure").select_option("map")
        window.get_by_label("from", exact=True).fill("0.105")
        window.get_by_label("to", exact=True).fill("0.1215")
        assert shown(window, "MAP") == ["0.1110", "0.1210"]
        window.get_by_label("Test set").select_option("pydocs, relevant from grade 2")
        assert shown(window, "MAP") == ["0.1120"]
        window.get_by_label("Test set").select_option("Given")
        assert shown(window, "MAP") == ["0.1110", "0.1210"]
        window.get_by_label("to", exact=True).fill("")
        window.get_by_label("from", exact=True).fill("0")
        assert "BM25" not in shown(window, "Model")  # which was not evaluated on it


def test_rows_that_are_ticked_choose_the_curves(page):
    with visit() as reader:
        reader.open(page)
        window = reader.page
        assert len(drawn(window)) == 6
        window.locator("tr[data-training=gte_lion]").first.click()
        assert drawn(window) == {"gte_lion"}
        assert window.locator(".legend").inner_text().strip() == "GTE, Lion"
        assert "1 of 6 trainings" in window.inner_text("#shown")
        window.locator("tr[data-training=minilm_adamw] input").nth(1).check()
        assert drawn(window) == {"gte_lion", "minilm_adamw"}
        window.get_by_label("GTE", exact=True).uncheck()
        assert drawn(window) == {"minilm_adamw"}
        assert reader.has_ink("#curve-loss")


def test_pointing_at_a_line_tells_its_training_and_value(page):
    with visit() as reader:
        reader.open(page)
        window = reader.page
        window.locator("tr[data-training=gte_lion]").first.click()
        plot = window.locator("#curve-loss .bk-Canvas")
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        told = window.locator(".bk-tooltip-content")
        for y in range(20, int(box["height"]), 4):
            window.mouse.move(box["x"] + box["width"] / 2, box["y"] + y)
            window.wait_for_timeout(30)
            if told.count():
                break
        words = told.first.inner_text()
        assert "GTE, Lion" in words
        assert re.search(r"Step:\s+\d+\s+Training loss:\s+0\.\d+", words)


@pytest.mark.parametrize("touch", [False, True])
def test_a_finger_that_scrolls_past_a_plot_does_not_zoom_into_it(page, touch):
    script = """() => Bokeh.documents.flatMap((each) => each.roots())
        .flatMap((root) => root.toolbar.tools)
        .filter((tool) => tool.type === "BoxZoomTool" && tool.active).length"""
    with visit(width=400, touch=touch) as reader:
        reader.open(page)
        reader.page.wait_for_selector("#curve-grad_norm canvas")
        assert reader.page.evaluate(script) == (0 if touch else len(CURVES))


def test_a_narrow_window_scrolls_the_table_and_not_the_page(page):
    with visit(width=400) as reader:
        reader.open(page)
        reader.page.wait_for_selector("#curve-grad_norm canvas")
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= 400
        assert all(
            figure.bounding_box()["width"] <= 400 for figure in reader.page.locator("figure").all()
        )


def test_without_held_out_pairs_there_is_no_curve_of_their_loss(tmp_path):
    write_metrics(tmp_path / "metrics.csv")
    logs, best = write_trainings(tmp_path, held_out=False)
    page = results_page(tmp_path / "metrics.csv", best, logs, GRID, TEST_SETS, PAPER)
    assert 'id="curve-loss"' in page
    assert 'id="curve-held_out"' not in page


def test_long_logs_are_thinned_and_keep_their_spikes(tmp_path):
    rows = 30_000
    frame = pd.DataFrame({"step": range(rows), "loss": [1 / (1 + n % 97) for n in range(rows)]})
    frame.loc[[777, 20_011], "loss"] = [50.0, -3.0]
    kept = thinned(frame, "loss")
    assert len(kept) <= 2 * BINS + 2
    assert {0, 777, 20_011, rows - 1} <= set(kept["step"])
    assert kept["step"].is_monotonic_increasing
    few = frame.head(2 * BINS)
    assert thinned(few, "loss") is few


def test_a_page_of_long_trainings_stays_below_a_few_megabytes(tmp_path):
    write_metrics(tmp_path / "metrics.csv")
    logs, best = write_trainings(tmp_path)
    line = '{{"step": {0}, "epoch": {1}, "loss": {2}, "lr": 1e-5, "grad_norm": {2}}}\n'
    for paths in logs.values():
        for epoch, path in enumerate(paths):
            steps = range(5000 * epoch + 1, 5000 * (epoch + 1) + 1)
            path.write_text("".join(line.format(s, s / 5000, 1 + s % 7 / s) for s in steps))
    page = results_page(tmp_path / "metrics.csv", best, logs, GRID, TEST_SETS, PAPER)
    assert len(page) < 3_000_000


def test_a_checkpoint_without_scores_is_named(tmp_path):
    write_metrics(tmp_path / "metrics.csv")
    logs, best = write_trainings(tmp_path)
    path = tmp_path / "metrics.csv"
    path.write_text(re.sub(r".*gte_lion_e3.*\n", "", path.read_text()))
    with pytest.raises(UserError, match=r"metrics\.csv: .* for gte_lion_e3; evaluate it"):
        results_page(path, best, logs, GRID, TEST_SETS, PAPER)


def test_a_mean_that_is_no_number_is_refused_by_its_line(tmp_path):
    logs, best = write_trainings(tmp_path)
    path = tmp_path / "metrics.csv"
    head = "test_set,system,metric,level,mean,low,high,queries\n"
    path.write_text(head + "pydocs,bm25,map,1,much,0,1,9\n")
    with pytest.raises(UserError, match=r"metrics\.csv:2: .*'much'"):
        results_page(path, best, logs, GRID, TEST_SETS, PAPER)
    path.write_text("test_set,system\n")
    with pytest.raises(UserError, match="no column high, level, low, mean, metric"):
        results_page(path, best, logs, GRID, TEST_SETS, PAPER)


def write_table(path, text):
    path.write_text(text)
    return screen_table(path, "A & B", "What it is.", None, LABELS)


def test_a_table_sorts_by_its_numbers_and_shows_them_as_the_paper_does(tmp_path):
    text = "system,value,value_low,value_high,p\nlion,0.5,0.25,1.0,0.00001\nb,0.12345,0.1,0.2,0.5\n"
    page = tmp_path / "page.html"
    page.write_text(write_table(tmp_path / "table.csv", text), "utf-8")
    with visit() as reader:
        reader.open(page)
        cells = reader.page.locator("tbody tr").all_inner_texts()
        assert [cell.split() for cell in cells] == [
            ["Lion", "0.5000", "[0.2500,", "1.0000]", "1.0e-05"],
            ["b", "0.1235", "[0.1000,", "0.2000]", "0.5000"],
        ]
        reader.page.get_by_role("button", name="p").click()
        assert reader.page.locator("tbody td:first-child").all_inner_texts() == ["b", "Lion"]
        reader.page.get_by_role("button", name="Value").click()
        assert reader.page.locator("tbody td:first-child").all_inner_texts() == ["Lion", "b"]
        assert not reader.errors
        assert not reader.asked


def test_headings_and_cells_have_labels_and_empty_columns_are_left_out():
    table = {
        "optimizer": ["lion", ""],
        "dl19_ndcg_cut_10": ["1", "2"],
        "left_epochs": ["1;2", "3"],
        "level": ["", ""],
        "qid": ["1037798", "1"],
        "peak_memory_bytes": ["123456", "-1"],
        "chosen": ["True", "False"],
    }
    found = columns(table, {**LABELS, "ndcg_cut_10": "nDCG@10"})
    assert [column.name for column in found] == [
        *("Optimizer", "TREC DL 2019 nDCG@10", "Left epochs", "Topic", "Peak memory bytes"),
        "Chosen",
    ]
    assert [[cell.shown for cell in column.cells] for column in found] == [
        ["Lion", "\N{EN DASH}"],
        ["1", "2"],
        ["1, 2", "3"],
        ["1037798", "1"],
        ["123,456", "\N{MINUS SIGN}1"],
        ["yes", "no"],
    ]
    assert [column.numeric for column in found] == [False, True, False, False, True, False]


def test_a_table_without_rows_says_so(tmp_path):
    assert "no rows" in write_table(tmp_path / "table.csv", "")
    assert "no rows" in write_table(tmp_path / "table.csv", "a,b\n")


def test_what_is_in_a_table_is_text_and_no_markup(tmp_path):
    page = write_table(tmp_path / "table.csv", 'query\n<script>"a & b"</script>\n')
    assert "<script>&#34;" not in page
    assert "&lt;script&gt;" in page
    assert "<h1>A &amp; B</h1>" in page


def test_a_row_with_a_cell_too_many_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"table\.csv: row 2 has 3 cells and the header 2"):
        write_table(tmp_path / "table.csv", "a,b\n1,2\n1,2,3\n")
