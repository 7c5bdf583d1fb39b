"""The book, the ledger and the advice say what is published, and nothing else."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

import jaxnn
from experiments import __main__ as listing
from experiments.lab.evidence import book, ledger, published, sentences
from experiments.lab.evidence.book.index import QUESTIONS
from experiments.lab.evidence.claims import CHAPTERS, CLAIMS, WHY_NOT, chapter, slug
from experiments.lab.evidence.entries import entries
from jaxnn.advice import JUDGED
from jaxnn.findings import FINDINGS
from tests.helpers import browser

EVERY = listing.found()


class Page(HTMLParser):
    """What a page says, links to and loads."""

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.loads, self.tags, self.text = path, [], [], [], ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "a":
            self.links.append(given["href"])
        elif given.get("src") or given.get("href"):
            self.loads.append(given.get("src") or given["href"])

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    book.write(EVERY, folder)
    return {path.name: Page(path) for path in folder.glob("*.html")}


def test_every_claim_has_its_row_its_page_and_its_neighbours(site):
    assert {f"{slug(claim)}.html" for claim in CLAIMS} <= set(site)
    first = site["index.html"]
    for entry in entries(EVERY):
        page = site[f"{slug(entry.claim)}.html"]
        assert f"{slug(entry.claim)}.html" in first.links
        assert entry.words in page.text and entry.words in first.text
        assert entry.judged or ("not measured" in page.text and entry.why_not in page.text)
        for judged in entry.judged:
            assert judged.rule["words"] in page.text and judged.commit in page.text
            assert f"python -m experiments.{judged.experiment}" in page.text
            for said in (judged.found, judged.do, judged.verdict["note"]):
                assert said in page.text
            for setting, _, _ in judged.tried:
                assert setting in page.text
            for former in judged.rule["former"]:
                assert former["words"] in page.text and former["verdict"] in page.text
    assert not [claim for claim in CLAIMS if chapter(claim) not in CHAPTERS]
    assert all(claim in CLAIMS for claim in WHY_NOT)


def test_every_link_leads_somewhere_and_nothing_is_fetched_from_elsewhere(site):
    for page in site.values():
        for address in {*page.links, *page.loads} - {"data:,"}:
            assert "//" not in address and not address.startswith("/"), (page.path, address)
            assert (page.path.parent / address).is_file(), (page.path.name, address)
        assert "url(" not in page.path.read_text(encoding="utf-8")


def test_three_questions_lead_to_their_answers_in_one_click(site):
    for question, (claim, _) in QUESTIONS.items():
        assert question in site["index.html"].text
        assert CLAIMS[claim] in site[f"{slug(claim)}.html"].text


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A published result all of whose texts are markup."""
    bad = '<script>alert("1")</script>&'
    effect = {"name": bad, "value": 1.0, "low": 0.5, "high": 2.0, "unit": bad}
    verdict = {"claim": "N8", "verdict": "holds only when", "when": bad, "effects": [effect]}
    verdict |= {
        "seeds": 3,
        "level": 0.95,
        "setting": bad,
        "note": bad,
        "differs": bad,
        "found": bad,
        "do": bad,
    }
    verdict["tried"] = [{"setting": bad, "word": "holds", "effect": effect}]
    former = [{"words": bad, "verdict": bad, "commit": bad, "why": bad}]
    summary = {"question": bad, "finding": bad, "verdicts": [verdict]}
    summary["rules"] = [{"claim": "N8", "words": bad, "former": former}]
    config = {"versions": {bad: bad}, "devices": [bad], "precision": {"dtype": bad}}
    config |= {"seconds": 1.0, "machine": bad, "date": bad, "data": {bad: bad}}
    config |= {"configuration": {bad: bad}, "rules_set_in": {"N8": bad}}
    folder = tmp_path / "results" / "bias"
    folder.mkdir(parents=True)
    monkeypatch.setattr(published, "RESULTS", folder.parent)
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_text_from_the_results_is_shown_as_text(hostile, tmp_path):
    book.write(EVERY, tmp_path / "site")
    page = Page(tmp_path / "site" / "n8.html")
    assert page.text.count('<script>alert("1")</script>&') > 12
    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert not [name for _, given in page.tags for name in given if name.startswith("on")]
    scripts = [tag for tag, _ in Page(tmp_path / "site" / "index.html").tags if tag == "script"]
    assert scripts == ["script"]  # the search


def test_a_smoke_run_is_never_a_result(hostile, tmp_path):
    config = json.loads((hostile / "config.json").read_text())
    (hostile / "config.json").write_text(json.dumps(config | {"smoke": True}))
    assert ledger.ledger(EVERY).count("not measured") == len(CLAIMS)
    with pytest.raises(ValueError, match="a smoke run proves nothing and is not published"):
        published.publish("bias", hostile)


def test_a_line_of_the_ledger_is_short():
    rows = [line for line in ledger.ledger(EVERY).splitlines() if line.startswith("|")]
    assert len(rows) > len(CLAIMS)
    assert max(len(cell) for row in rows for cell in row.split(" | ")) <= ledger.LONGEST
    assert ledger.shortened("word " * 99).endswith(" …")


def test_what_was_found_and_what_to_do_fit_their_columns():
    for entry in entries(EVERY):
        for judged in entry.judged:
            assert 0 < len(judged.found) <= 160, (entry.claim, judged.found)
            assert 0 < len(judged.do) <= 120, (entry.claim, judged.do)


def test_the_advice_is_what_the_ledger_says():
    namespace = {}
    exec(sentences.sentences(EVERY), namespace)  # noqa: S102  # our own text
    assert namespace["FINDINGS"] == FINDINGS
    said = {
        (entry.claim, judged.experiment): judged
        for entry in entries(EVERY)
        for judged in entry.judged
    }
    assert {each for each in JUDGED.values() if each in said} == set(FINDINGS)
    assert {experiment for _, experiment in JUDGED.values()} <= {each.name for each in EVERY}
    advice = jaxnn.recommend("multiclass", depth=40)
    for rung in advice.ladder:
        if judged := said.get(JUDGED[rung.activation]):
            assert f"{judged.verdict['verdict']} {judged.verdict['when']}".strip() in rung.evidence
            assert judged.found in rung.evidence
    places = [rung.activation for rung in advice.ladder]
    for activation in ("elu", "swish"):
        if judged := said.get(JUDGED[activation]):
            refuted = judged.verdict["verdict"] == "does not hold"
            assert (places.index(activation) >= 4) == refuted  # after ReLU and its relatives


@pytest.mark.slow
@pytest.mark.skipif(browser.PATH is None, reason="no browser; apt-get install chromium")
def test_a_reader_searches_and_reads_without_a_network(site, tmp_path):
    index = site["index.html"].path
    with browser.open_page(tmp_path) as page:
        for width, dark in ((1280, False), (390, True)):
            for path in (index, index.with_name("a6.html"), index.with_name("lecture.html")):
                page.open(path, width=width, dark=dark)
                assert page.value("document.documentElement.scrollWidth") <= width
        page.open(index)
        page.value("document.querySelector('input').value = 'sigmoid steepness'")
        page.value("document.querySelector('input').dispatchEvent(new Event('input'))")
        shown = "[...document.querySelectorAll('tbody tr:not([hidden]) b')].map(b => b.innerText)"
        assert page.value(shown) == ["N8"]
        assert page.complaints == []
        assert all(address.startswith(("file:", "data:")) for address in page.requests)
    assert Path(index).stat().st_size < 200_000
