"""Snakemake's report of a whole experiment, as a reader opens it."""

import re
import shutil

import pytest

from tests.support.browser import visit
from tests.support.running import run_snakemake

pytestmark = pytest.mark.slow

FIGURES = {
    "Training curves": "Training loss, loss on held-out data",
    "Effectiveness over the epochs": "after each epoch",
    "Differences of the topics": "The dashed line is the mean",
    "Effectiveness against cost": "what it cost to train",
}
TABLES = 14


@pytest.fixture(name="report", scope="module")
def _report(demo):
    """Build what the report shows, and the report."""
    built = run_snakemake(demo, "report_files")
    assert built.returncode == 0, built.stdout[-6000:]
    path = demo / "report.html"
    told = run_snakemake(demo, "report_files", "--report", str(path))
    assert told.returncode == 0, told.stdout[-6000:]
    return path


@pytest.fixture(name="reader")
def _reader(report):
    with visit() as reader:
        reader.open(report)
        reader.page.wait_for_selector("nav")
        yield reader
        assert not reader.errors
        assert not reader.asked


def menu(reader):
    return reader.page.locator("nav").first


def show(reader, category, label):
    """Choose a result in a category of the menu, and press its eye."""
    menu(reader).get_by_text(category, exact=True).click()
    row = menu(reader).locator("tr", has_text=label)
    row.locator("a").first.click()
    return row


def test_the_report_says_what_it_is_and_that_it_is_a_demonstration(reader):
    text = reader.page.inner_text("body")
    assert "Lion versus AdamW for cross-encoder reranking" in text
    assert "MiniLM-L6, GTE, ModernBERT trained with AdamW and Lion" in text
    assert "Demonstration. This is the demonstration on the embedded collection pydocs" in text
    for category in ("Checkpoints", "Figures", "Paper", "Tables", "Statistics"):
        assert category in menu(reader).inner_text()


@pytest.mark.parametrize("label", FIGURES)
def test_every_figure_is_in_the_report_with_its_caption_and_rule(reader, label):
    row = show(reader, "Figures", label)
    image = reader.page.locator("img[src^='data:image/png']")
    assert image.evaluate("(each) => each.decode().then(() => each.naturalWidth)") > 1000
    row.locator("a").nth(1).click()
    caption = menu(reader).inner_text()
    assert FIGURES[label] in caption.replace("\n", " ")
    assert "Demonstration." in caption
    assert "_figure" in caption


def test_every_table_is_in_the_report_and_can_be_sorted_there(reader):
    row = show(reader, "Tables", "Effectiveness of every system")
    assert menu(reader).locator("tbody tr").count() == TABLES
    page = reader.page.frame_locator("iframe")
    cells = page.locator("tbody tr td:nth-child(5)")
    before = [float(each.split()[0]) for each in cells.all_inner_texts()]
    page.locator("thead th").nth(4).click()
    assert before != sorted(before, reverse=True)
    reader.eventually(
        lambda: [float(each.split()[0]) for each in cells.all_inner_texts()],
        sorted(before, reverse=True),
    )
    row.locator("a").nth(1).click()
    assert "paper/tables/results.csv" in menu(reader).inner_text()


def test_no_table_of_the_report_is_without_a_heading_and_a_caption(report):
    pages = list((report.parent / "report" / "tables").glob("*.html"))
    assert len(pages) == TABLES
    with visit() as reader:
        for page in pages:
            reader.open(page)
            assert reader.page.inner_text("h1")
            assert reader.page.inner_text(".caption")
            rows = reader.page.locator("tbody tr").count()
            assert bool(rows) == bool((report.parent / f"paper/tables/{page.stem}.csv").read_text())
        assert not reader.errors


def test_the_page_of_checkpoints_works_within_the_report(reader):
    show(reader, "Checkpoints", "Scores and training curves")
    page = reader.page.frame_locator("iframe")
    page.locator("#curve-grad_norm canvas").first.wait_for()
    rows = page.locator("tbody tr")
    assert rows.count() == 13
    page.locator("thead th", has_text="Model").get_by_role("button", name="More").click()
    for model in ("BM25", "MiniLM", "ModernBERT"):
        page.get_by_role("dialog").get_by_role("button", name=re.compile(f"^{model}")).click()
    reader.eventually(rows.count, 9)
    reader.eventually(page.locator(".legend li:visible").count, 4)
    for curve in ("loss", "eval_loss", "lr", "grad_norm"):
        assert page.locator(f"#curve-{curve} .bk-Canvas").bounding_box()["height"] > 100


def test_the_paper_is_in_the_report(reader, report):
    show(reader, "Paper", "PDF")
    source = reader.page.locator("iframe").get_attribute("src")
    assert source.startswith("data:application/pdf;")
    assert len(source) > (report.parent / "paper" / "main.pdf").stat().st_size


def test_a_report_of_what_is_not_built_names_the_file(demo, report, tmp_path):
    page = report.parent / "report" / "results.html"
    kept = shutil.move(page, tmp_path)
    told = run_snakemake(demo, "report_files", "--report", str(tmp_path / "report.html"))
    shutil.move(kept, page)
    assert told.returncode == 1
    assert "report/results.html marked for report but does not exist" in told.stdout
    assert not (tmp_path / "report.html").exists()
