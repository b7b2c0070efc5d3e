"""The results page: what it shows of results, and how it behaves in a real browser."""

import json
import re
from base64 import b64encode
from dataclasses import replace

import pytest

from lionrank.errors import UserError
from lionrank.grid import Grid
from lionrank.measures import METRICS, Measure
from lionrank.paper.results import Layout
from lionrank.report.curves import plots
from lionrank.report.results_page import results_page
from lionrank.training import development
from tests.support.browser import visit
from tests.support.results import (
    AVERAGED_SETS,
    BESIDE_OTHERS,
    GRID,
    MIXED,
    NOTHING_TRAINED,
    RANKED,
    TEST_SETS,
    TUNED,
    experiment,
    made_up_scores,
)

PAPER = {"title": "Lion & AdamW", "note": "Small models <only>."}
CHOSEN = 2
CURVES = ("loss", "eval_loss", "lr", "grad_norm")
TRAININGS = {training.name for training in GRID.trainings()}
NOTHING = "\N{EN DASH}"
# What a config may call things, all of which is text and no markup or pattern.
AWKWARD = r"8-bit <b>Li&on</b> \1 \g<0> </script> 3B's"


def write_metrics(path, grid=GRID):
    """Write the means of every system, each larger than the one before, and return them.

    Those of run files of others are on the first test set only.
    """
    given = {each.name for each in grid.systems if each.kind == "run file"}
    ranked = {test_set: each.name for test_set, each in grid.first_stages.items()}
    first_stages = dict.fromkeys(ranked.values())
    systems = [*first_stages, *grid.checkpoints(), *(each.name for each in grid.systems)]
    lines = ["test_set,system,epoch,metric,level,mean,low,high,queries"]
    means = {system: (place + 1) / 100 for place, system in enumerate(systems)}
    for test_set, entry in TEST_SETS.items():
        for system, mean in means.items():
            if test_set == "given" and system in given:
                continue
            if system in first_stages and system != ranked.get(test_set):
                continue
            for metric in ("map", "recip_rank_10", "recall_10", "Rprec", "P_10"):
                for level in entry["levels"]:
                    value = mean + level / 1000
                    lines.append(f"{test_set},{system},,{metric},{level},{value},0.001,0.9,9")
            lines.append(f"{test_set},{system},,ndcg_cut_10,,{mean},0.001,0.9,9")
    path.write_text("\n".join(lines) + "\n")
    return means


def write_trainings(folder, held_out=True, grid=GRID):
    """Write the logs of the grid's trainings and their best epochs, and return the paths."""
    logs, best = {}, []
    for number, training in enumerate((each.name for each in grid.seeded()), start=1):
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
            development.scores(e, number / e if held_out else None, {"nq": 0.1 * e})
            for e in GRID.epochs
        ]
        best.append(folder / f"{training}.best.json")
        best[-1].write_text(json.dumps({"epoch": CHOSEN, "epochs": epochs}))
    return logs, best


@pytest.fixture(name="page", scope="module")
def _page(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("results"), GRID, TEST_SETS)


def write_page(folder, grid, test_sets):
    write_metrics(folder / "metrics.csv", grid)
    logs, best = write_trainings(folder, grid=grid)
    path = folder / "results.html"
    page = results_page(folder / "metrics.csv", best, logs, grid, test_sets, PAPER)
    path.write_text(page, "utf-8")
    return path


@pytest.fixture(name="browser", scope="module")
def _browser():
    with visit() as reader:
        yield reader


@pytest.fixture(name="reader")
def _reader(browser, page):
    """Open the page anew, which must work without an error and without a network."""
    browser.open(page)
    browser.page.wait_for_selector("#curve-grad_norm canvas")
    yield browser
    assert not browser.errors
    assert not browser.asked


def shown(reader, column):
    """Return the cells of a column of the rows that are left, a column by its heading."""
    heads = [head.split("\n")[0] for head in reader.page.locator("thead th").all_inner_texts()]
    cells = reader.page.locator(f"tbody tr td:nth-child({heads.index(column) + 1})")
    return [cell.split("\n")[0] for cell in cells.all_inner_texts()]


def shows(reader, column, cells):
    reader.eventually(lambda: shown(reader, column), cells)


def heading(reader, column):
    return reader.page.locator("thead th", has_text=column).first


def choose(reader, column, *values):
    """Leave the rows with one of these values, in the menu of a column's heading."""
    heading(reader, column).get_by_role("button", name="More").click()
    for value in values:
        reader.page.get_by_role("dialog").get_by_role(
            "button", name=re.compile(f"^{value}")
        ).click()
    reader.page.keyboard.press("Escape")


def row(reader, model, optimizer):
    return reader.page.locator("tbody tr", has_text=model).filter(has_text=optimizer).first


def draws(reader, trainings, curve="Training loss"):
    """Expect the plot of this title to show the lines of these trainings and of no others."""
    script = """(title) => Bokeh.documents.flatMap((each) => each.roots())
        .filter((root) => root.title.text === title)
        .flatMap((root) => root.renderers.filter((each) => each.visible))
        .map((each) => each.tags[0])"""
    reader.eventually(lambda: set(reader.page.evaluate(script, curve)), trainings)


def test_the_results_page_is_whole_in_itself_and_draws_every_curve(reader):
    for curve in CURVES:
        reader.page.wait_for_selector(f"#curve-{curve} canvas")
        assert reader.has_ink(f"#curve-{curve}")
    assert reader.page.title() == "Checkpoints and training curves"
    words = reader.page.inner_text("body")
    assert "Demonstration. Small models <only>." in words
    assert "Lion & AdamW" in words
    assert len(shown(reader, "Model")) == 1 + 18


def test_a_heading_sorts_and_sorts_the_other_way_at_the_second_click(reader):
    before = shown(reader, "MAP")
    assert before == sorted(before)
    head = reader.page.locator("th[aria-sort]")
    heading(reader, "MAP").click()
    shows(reader, "MAP", before[::-1])
    assert head.get_attribute("aria-sort") == "descending"
    # The keyboard does what the mouse does.
    heading(reader, "MAP").get_by_role("button").press("Enter")
    shows(reader, "MAP", before)
    assert head.get_attribute("aria-sort") == "ascending"
    losses = shown(reader, "Held-out loss")
    assert losses[0] == NOTHING  # BM25 has none
    heading(reader, "Held-out loss").click()
    shows(reader, "Held-out loss", [*sorted(losses[1:], key=float), NOTHING])


def test_filters_leave_rows_by_model_optimizer_epoch_and_choice(reader):
    choose(reader, "Model", "BM25", "MiniLM", "ModernBERT")
    shows(reader, "Model", ["BM25", *["MiniLM"] * 6, *["ModernBERT"] * 6])
    choose(reader, "Optimizer", "Lion", NOTHING)
    shows(reader, "Optimizer", [NOTHING, *["Lion"] * 6])
    choose(reader, "Epoch", CHOSEN)
    shows(reader, "Epoch", [str(CHOSEN)] * 2)
    choose(reader, "Epoch", CHOSEN)
    choose(reader, "Chosen", "yes")
    shows(reader, "Epoch", [str(CHOSEN)] * 2)
    draws(reader, {"minilm_lion", "modernbert_lion"})
    draws(reader, {"minilm_lion", "modernbert_lion"}, "Learning rate")
    assert "1 to 2 of 2 entries (filtered from 19" in reader.page.inner_text(".dt-info")
    choose(reader, "Model", "MiniLM")
    draws(reader, {"modernbert_lion"})
    for column in ("Model", "Optimizer", "Chosen"):
        choose(reader, column, "Deselect")
    draws(reader, TRAININGS)
    assert len(shown(reader, "Model")) == 1 + 18


def test_the_box_above_the_table_searches_in_all_columns(reader):
    reader.page.get_by_role("searchbox", name="Search").fill("minilm lion")
    shows(reader, "Model", ["MiniLM"] * 3)
    draws(reader, {"minilm_lion"})


def test_a_range_is_of_the_measure_and_the_test_set_that_are_chosen(reader):
    reader.page.get_by_role("button", name="Filter by scores").click()
    builder = reader.page.locator(".dtsb-searchBuilder")
    measure, condition = builder.locator(".dtsb-data"), builder.locator(".dtsb-condition")
    values = builder.locator(".dtsb-value")
    measure.select_option("MAP pydocs, grade 1")
    condition.select_option("Between")
    values.nth(0).fill("0.105")
    values.nth(1).fill("0.1215")
    shows(reader, "MAP", ["0.1110", "0.1210"])
    measure.select_option("MAP pydocs, grade 2")
    condition.select_option("Between")
    values.nth(0).fill("0.105")
    values.nth(1).fill("0.1215")
    shows(reader, "MAP", ["0.1110"])  # which is 0.1120 at grade 2
    measure.select_option("MAP Given")
    condition.select_option("Greater Than Equal To")
    values.nth(0).fill("0")
    reader.eventually(lambda: "BM25" in shown(reader, "Model"), False)  # not evaluated on it
    assert len(shown(reader, "Model")) == 18


def test_a_button_shows_the_scores_of_a_test_set_at_a_grade(reader):
    assert shown(reader, "MAP")[:2] == ["0.0110", "0.0210"]
    reader.page.get_by_role("button", name="pydocs, grade 2").click()
    reader.eventually(lambda: shown(reader, "MAP")[:2], ["0.0120", "0.0220"])
    assert shown(reader, "nDCG@10")[:2] == ["0.0100", "0.0200"]  # takes the grades themselves
    reader.page.get_by_role("button", name="Given").click()
    reader.eventually(lambda: shown(reader, "MAP")[:2], [NOTHING, "0.0210"])
    assert shown(reader, "Held-out loss")
    heading(reader, "MAP").click()
    reader.eventually(lambda: shown(reader, "MAP")[-2:], ["0.0210", NOTHING])


def test_rows_that_are_selected_choose_the_curves(reader):
    draws(reader, TRAININGS)
    row(reader, "GTE", "Lion").click()
    draws(reader, {"gte_lion"})
    assert reader.page.locator(".legend").inner_text().strip() == "GTE, Lion"
    assert "1 row selected" in reader.page.inner_text(".dt-info")
    row(reader, "MiniLM", "AdamW").get_by_role("checkbox").check()
    draws(reader, {"gte_lion", "minilm_adamw"})
    choose(reader, "Model", "MiniLM")
    draws(reader, {"minilm_adamw"})
    assert reader.has_ink("#curve-loss")


def test_pointing_at_a_line_tells_its_training_and_value(reader):
    row(reader, "GTE", "Lion").click()
    draws(reader, {"gte_lion"})
    plot = reader.page.locator("#curve-loss .bk-Canvas")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    told = reader.page.locator(".bk-tooltip-content")
    for y in range(20, int(box["height"]), 4):
        reader.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + y)
        reader.page.wait_for_timeout(30)
        if told.count():
            break
    words = told.first.inner_text()
    assert "GTE, Lion" in words
    assert re.search(r"Step:\s+\d+\s+Training loss:\s+0\.\d+", words)


def test_on_a_phone_the_table_scrolls_and_a_finger_does_not_move_what_plots_show(reader, page):
    script = """() => Bokeh.documents.flatMap((each) => each.roots())
        .flatMap((root) => root.toolbar.tools)
        .filter((tool) => /Pan|BoxZoom/.test(tool.type) && tool.active).length"""
    with reader.on_a_phone() as phone:
        phone.open(page)
        phone.page.wait_for_selector("#curve-grad_norm canvas")
        assert phone.page.evaluate(script) == 0
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 400
        plots = phone.page.locator(".curves > *").all()
        assert len(plots) == len(CURVES)
        assert all(plot.bounding_box()["width"] <= 400 for plot in plots)
        assert not phone.errors


def test_the_page_works_at_a_data_address_where_the_report_shows_it(browser, page):
    address = "data:text/html;base64," + b64encode(page.read_bytes()).decode()
    browser.page.set_content(f'<iframe src="{address}" width="1200" height="800"></iframe>')
    frame = browser.page.frame_locator("iframe")
    frame.locator("#curve-grad_norm canvas").first.wait_for()
    assert frame.locator("tbody tr").count() == 1 + 18
    assert not browser.errors


def test_first_stages_that_differ_share_a_row_that_says_which_is_where(browser, tmp_path):
    grid = replace(GRID, first_stages=MIXED)
    browser.open(write_page(tmp_path, grid, TEST_SETS))
    browser.page.wait_for_selector("#curve-grad_norm canvas")
    head = browser.page.locator("tbody tr").first.locator("td").nth(1).inner_text()
    assert head.split("\n") == ["First stage", "SPLADE++ on pydocs; All-MiniLM_L6 on Given"]
    assert shown(browser, "nDCG@10")[0] == "0.0100"
    browser.page.get_by_role("button", name="Given").click()
    browser.eventually(lambda: shown(browser, "nDCG@10")[0], "0.0200")
    assert not browser.errors


def test_labels_are_text_and_no_markup_wherever_they_stand(browser, tmp_path):
    grid = Grid.build(
        models={m.name: {"label": f"{m.name} {AWKWARD}", "start": m.start} for m in GRID.models},
        optimizers={name: f"{name} {AWKWARD}" for name in GRID.optimizers},
        epochs=GRID.epochs,
        first_stages=RANKED,
    )
    sets = {name: {**entry, "label": f"{name} {AWKWARD}"} for name, entry in TEST_SETS.items()}
    browser.open(write_page(tmp_path, grid, sets))
    browser.page.wait_for_selector("#curve-grad_norm canvas")
    assert f"gte {AWKWARD}, lion {AWKWARD}" in browser.page.locator(".legend").inner_text()
    assert f"gte {AWKWARD}" in shown(browser, "Model")
    assert browser.page.get_by_role("button", name=f"given {AWKWARD}").count() == 1
    choose(browser, "Model", "gte 8-bit")
    draws(browser, {"gte_adamw", "gte_lion"})
    browser.page.get_by_role("button", name="Filter by scores").click()
    named = browser.page.locator(".dtsb-data option", has_text="MAP").all_inner_texts()
    assert any(name.startswith("MAP given 8-bit Li&on") for name in named)
    assert browser.page.locator("body b").count() == 0
    assert not browser.errors


def test_rows_are_chosen_by_whether_settings_were_given_or_searched_for(browser, tmp_path):
    browser.open(write_page(tmp_path, TUNED, TEST_SETS))
    browser.page.wait_for_selector("#curve-grad_norm canvas")
    assert shown(browser, "Settings") == [NOTHING, *["given"] * 6, *["searched"] * 6] + (
        ["given"] * 6 + ["searched"] * 6
    )
    choose(browser, "Settings", "searched")
    shows(browser, "Treatment", [*["AdamW (tuned)"] * 3, *["Lion (tuned)"] * 3] * 2)
    draws(browser, {f"{m.name}_tuned{name}" for m in TUNED.models for name in ("adamw", "lion")})
    assert not browser.errors


def test_systems_of_others_are_rows_without_curves(browser, tmp_path):
    browser.open(write_page(tmp_path, BESIDE_OTHERS, TEST_SETS))
    browser.page.wait_for_selector("#curve-grad_norm canvas")
    labels = ["MiniLM-L6 v2", "The Authors' GTE & Lion", "SPLADE"]
    assert shown(browser, "Model")[-3:] == labels
    assert shown(browser, "Epoch")[-3:] == [NOTHING, "2", NOTHING]
    assert shown(browser, "Optimizer")[-3:] == shown(browser, "Chosen")[-3:] == [NOTHING] * 3
    assert "not trained here" in row(browser, "SPLADE", "").inner_text()
    browser.page.get_by_role("button", name="Given").click()
    browser.eventually(lambda: shown(browser, "MAP")[-1], NOTHING)
    choose(browser, "Model", "SPLADE", "ModernBERT")
    shows(browser, "Model", ["ModernBERT"] * 6 + ["SPLADE"])
    draws(browser, {"modernbert_adamw", "modernbert_lion"})
    assert not browser.errors


def test_where_nothing_is_trained_the_page_has_systems_and_no_curves(browser, tmp_path):
    browser.open(write_page(tmp_path, NOTHING_TRAINED, TEST_SETS))
    browser.page.wait_for_selector(".dt-info")
    assert len(shown(browser, "Model")) == 1 + 3
    heads = browser.page.locator("thead th").all_inner_texts()
    assert not {"Optimizer", "Chosen", "Dev nDCG@10"} & {head.split("\n")[0] for head in heads}
    before = shown(browser, "MAP")
    heading(browser, "MAP").click()
    shows(browser, "MAP", before[::-1])
    assert browser.page.title() == "Systems"
    words = browser.page.inner_text("body")
    assert "urves" not in words and "Development data" not in words
    assert not browser.errors


def test_without_held_out_pairs_there_is_no_curve_of_their_loss(tmp_path):
    write_metrics(tmp_path / "metrics.csv")
    logs, best = write_trainings(tmp_path, held_out=False)
    page = results_page(tmp_path / "metrics.csv", best, logs, GRID, TEST_SETS, PAPER)
    assert 'id="curve-loss"' in page
    assert 'id="curve-eval_loss"' not in page


def test_a_page_of_long_trainings_is_small_enough_for_the_report(tmp_path):
    write_metrics(tmp_path / "metrics.csv")
    logs, best = write_trainings(tmp_path)
    line = '{{"step": {0}, "epoch": {1}, "loss": {2}, "lr": 1e-5, "grad_norm": {2}}}\n'
    for paths in logs.values():
        for epoch, path in enumerate(paths):
            steps = range(5000 * epoch + 1, 5000 * (epoch + 1) + 1)
            path.write_text("".join(line.format(s, s / 5000, 1 + s % 7 / s) for s in steps))
    page = results_page(tmp_path / "metrics.csv", best, logs, GRID, TEST_SETS, PAPER)
    # Chromium opens data: addresses of up to 2 MB, and in base64 three bytes take four.
    assert len(page.encode()) < 2**21 * 3 / 4


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
    head = "test_set,system,epoch,metric,level,mean,low,high,queries\n"
    path.write_text(head + "pydocs,bm25,,map,1,much,0,1,9\n")
    with pytest.raises(UserError, match=r"metrics\.csv:2: .*'much'"):
        results_page(path, best, logs, GRID, TEST_SETS, PAPER)
    path.write_text("test_set,system\n")
    with pytest.raises(UserError, match="no column epoch, high, level, low, mean, metric"):
        results_page(path, best, logs, GRID, TEST_SETS, PAPER)


def test_an_average_is_a_group_as_a_test_set_is_and_the_page_says_what_it_is_of(browser, tmp_path):
    columns = [{"test_set": name, "metrics": list(METRICS)} for name in AVERAGED_SETS]
    layout = Layout.build(AVERAGED_SETS, columns)
    made = experiment(tmp_path, made_up_scores(1), layout=layout)
    logs, best = write_trainings(tmp_path)
    path = tmp_path / "results.html"
    metrics = tmp_path / "metrics.csv"
    path.write_text(results_page(metrics, best, logs, GRID, AVERAGED_SETS, PAPER), "utf-8")
    browser.open(path)
    browser.page.wait_for_selector("#curve-grad_norm canvas")
    caption = browser.page.inner_text("body")
    assert (
        "Ranked & Averaged is the mean over pydocs and More, each with the same weight" in caption
    )
    browser.page.get_by_role("button", name="Ranked & Averaged").click()
    means = made.results.scores[Measure("ranked", "map")]
    expected = [f"{means[name].mean:.4f}" for name in ("bm25", *GRID.checkpoints())]
    browser.eventually(lambda: shown(browser, "MAP"), expected)
    assert not browser.errors


def test_of_several_seeds_rows_have_means_and_deviations_and_each_a_curve(browser, tmp_path):
    made = experiment(tmp_path, made_up_scores(2), seeds=(12, 13, 14))
    logs, best = write_trainings(tmp_path, grid=made.grid)
    test_sets = {"pydocs": TEST_SETS["pydocs"]}
    means = tmp_path / "over_seeds.csv"
    page = results_page(means, best, logs, made.grid, test_sets, PAPER)
    (tmp_path / "results.html").write_text(page, "utf-8")
    browser.open(tmp_path / "results.html")
    browser.page.wait_for_selector("#curve-grad_norm canvas")
    choose(browser, "Chosen", "yes")
    shows(browser, "Epoch", ["chosen"] * 6)
    cells = browser.page.locator("tbody tr td.score:visible").all_inner_texts()
    scores = made.results.scores[made.results.layout.primary]
    for training in made.grid.trainings():
        score = scores[training.checkpoint("best")]
        bounds = f"{score.low:.4f}\N{EN DASH}{score.high:.4f}"
        assert f"{score.mean:.4f}\n\N{PLUS-MINUS SIGN}{score.sd:.4f}; {bounds}" in cells
    drawn = plots(logs, made.grid, dict.fromkeys(logs, CHOSEN))["lr"].renderers
    of_lion = [each for each in drawn if each.tags == ["gte_lion"]]
    # A line and what the pointer meets, of each seed.
    assert len(of_lion) == 2 * 3
