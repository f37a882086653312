"""The two pages of `make docs` open from disk, alone."""

import base64
import re
import shutil
from pathlib import Path

import pages
import pytest
from conftest import ROOT

pytest.importorskip("dbt_colibri", reason="requirements-docs.txt is not installed")

SHOWN = {"dbt.html": "repurchase_rates", "lineage.html": "int_rfm_bounds"}
PLACES = {"dbt.html": "#!/model/model.repurchase.repurchase_rates", "lineage.html": ""}


@pytest.fixture(scope="module")
def made(demo, tmp_path_factory) -> Path:
    """The pages of the demo's build database."""
    out = tmp_path_factory.mktemp("pages")
    database = tmp_path_factory.mktemp("database") / "build.duckdb"
    shutil.copy(demo.database, database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPURCHASE_BUILD_DATABASE", str(database))
        assert pages.main(["--out", str(out)]) == 0
    return out


def content(page: Path) -> str:
    """The page, and what it holds encoded."""
    text = page.read_text("utf-8")
    encoded = re.findall(r'atob\("([^"]+)"\)', text)
    return "\n".join([text, *(base64.b64decode(one).decode() for one in encoded)])


def test_both_hold_every_mart_and_no_place_of_this_machine(made):
    marts = {path.stem for path in (ROOT / "models" / "marts").rglob("*.sql")}
    assert {path.name for path in made.iterdir()} == set(SHOWN)
    for name in SHOWN:
        text = content(made / name)
        assert not [mart for mart in marts if f'"{mart}"' not in text]
        assert str(ROOT) not in text and str(Path.home()) + "/" not in text


@pytest.mark.parametrize("name", SHOWN)
def test_it_opens_without_network(made, name, tmp_path):
    """In a browser that has only the one file: it asks for nothing else."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("there is no Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    shutil.copy(made / name, tmp_path)
    asked, said = [], []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        page = browser.new_context(offline=True).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda word: said.append((word.type, word.text)))
        page.on("pageerror", lambda error: said.append(("error", str(error))))
        page.goto((tmp_path / name).as_uri() + PLACES[name])
        page.get_by_text(SHOWN[name]).filter(visible=True).first.wait_for()
        page.screenshot(path=tmp_path / f"{name}.png")
        browser.close()
    others = [url for url in asked if not url.startswith(("data:", "blob:"))]
    assert [url.partition("#")[0] for url in others] == [(tmp_path / name).as_uri()]
    assert [word for word in said if word[0] == "error"] == []


def test_without_a_build_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REPURCHASE_BUILD_DATABASE", str(tmp_path / "none.duckdb"))
    assert pages.main(["--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert "build first" in error and error.count("\n") == 1
