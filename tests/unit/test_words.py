"""The catalogue and the formats, without a window."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from refund_desk.client.flatyaml import DuplicateKey
from refund_desk.client.formats import MINUS, Formats
from refund_desk.client.plaintext import plain
from refund_desk.client.resources import resource_dir
from refund_desk.client.words import Words, load_catalogue, placeholders, pseudo
from refund_desk.domain.errors import Invalid, Refused
from refund_desk.wire.base import Amount, Coded, Text2

ROOT = Path(__file__).parents[2]
ZH, EN = load_catalogue("zh"), load_catalogue("en")


def formats(language: str) -> Formats:
    return Words(language, zone=timezone(timedelta(hours=8))).formats


# ------------------------------------------------------------ what stands in the files


def test_both_languages_have_the_same_keys() -> None:
    assert ZH.keys() - EN.keys() == set()
    assert EN.keys() - ZH.keys() == set()


@pytest.mark.parametrize("key", sorted(ZH.keys() & EN.keys()))
def test_placeholders_are_the_same(key: str) -> None:
    assert placeholders(ZH[key]) == placeholders(EN[key])


def test_nothing_is_empty_and_chinese_is_chinese() -> None:
    assert [key for key, text in {**ZH, **EN}.items() if not text.strip()] == []
    assert [key for key, text in ZH.items() if key.startswith("error.") and not re.search(r"[一-鿿]", text)] == []


def _sources() -> str:
    files = [*ROOT.joinpath("refund_desk").rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


UI_KEY = re.compile(r"""["'](ui\.[a-z0-9_]+(?:\.[a-z0-9_]+)*)["']""")
UI_PREFIX = re.compile(r"""["'](ui\.[a-z0-9_.]+\.)(?:["']\s*\+|\{)""")


def test_every_ui_key_of_the_code_is_worded() -> None:
    assert sorted(set(UI_KEY.findall(_sources())) - ZH.keys()) == []


def test_no_ui_key_is_unused() -> None:
    source = _sources()
    used, prefixes = set(UI_KEY.findall(source)), tuple(set(UI_PREFIX.findall(source)))
    unused = [key for key in ZH if key.startswith("ui.") and key not in used and not key.startswith(prefixes)]
    assert unused == []


def test_a_key_defined_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "zh.d").mkdir()
    (tmp_path / "zh.d" / "a.yaml").write_text('x: "1"\n')
    (tmp_path / "zh.d" / "b.yaml").write_text('x: "2"\n')
    with pytest.raises(DuplicateKey):
        load_catalogue("zh", tmp_path)
    (tmp_path / "zh.d" / "b.yaml").write_text('y: "1"\ny: "2"\n')
    with pytest.raises(DuplicateKey):
        load_catalogue("zh", tmp_path)


def test_yaml_words_stay_text(tmp_path: Path) -> None:
    (tmp_path / "zh.d").mkdir()
    (tmp_path / "zh.d" / "a.yaml").write_text("a: no\nb: 12\n")
    assert load_catalogue("zh", tmp_path) == {"a": "no", "b": "12"}


def test_the_pseudo_locale_is_longer_and_keeps_placeholders() -> None:
    for text in EN.values():
        longer = pseudo(text)
        assert placeholders(longer) == placeholders(text)
        letters = len(re.sub(r"\{[^}]*\}", "", text))
        if letters > 10:
            assert len(re.sub(r"\{[^}]*\}", "", longer)) >= letters * 1.35


def test_resources_are_found() -> None:
    assert (resource_dir() / "themes" / "light.yaml").is_file()


# ------------------------------------------------------------ wording


@pytest.fixture
def words(tmp_path: Path) -> Words:
    texts = {
        "plain": "{who} did {n} {n:case|cases}",
        "money": "at most {amount}",
        "left": "{seconds:left} / {span:duration}",
        "error.limit": "{could} may do this; limit {limit}",
        "error.bad": "something is wrong",
        "error.empty": "must not be empty",
        "why.age": "waits since {at}",
        "role.supervisor": "a supervisor",
        "role.lead": "a lead",
        "nested": "because {what}",
        "format.comma": ", ",
        "format.yes": "yes",
        "format.no": "no",
    }
    for language in ("zh", "en"):
        folder = tmp_path / f"{language}.d"
        folder.mkdir()
        lines = [f'{key}: "{text}"' for key, text in texts.items()]
        lines += [f'{key}: "{text}"' for key, text in EN.items() if key.startswith("format.") and key not in texts]
        (folder / "a.yaml").write_text("\n".join(lines), encoding="utf-8")
    return Words("en", tmp_path, zone=UTC)


def test_values_are_written_by_their_type(words: Words) -> None:
    assert words.tr("plain", who="Ana", n=1) == "Ana did 1 case"
    assert words.tr("plain", who="Ana", n=3) == "Ana did 3 cases"
    assert words.tr("money", amount={"minor": 99900, "currency": "CNY"}) == "at most ¥999.00"
    assert words.tr("money", amount=Amount(minor=5990, currency="EUR")) == "at most EUR\u00a059.90"
    assert words.tr("left", seconds=6720, span=timedelta(minutes=5)) == "1 h 52 m left / 5 min"
    assert words.tr("plain", who=None, n=True) == "– did yes case"


def test_codes_are_words(words: Words) -> None:
    refused = Refused("limit", rule="r", could=["supervisor", "lead"], limit={"minor": 100, "currency": "CNY"})
    assert words.error(refused) == "a supervisor, a lead may do this; limit ¥1.00"
    assert words.word(Coded(code="age", params={"at": "2020-01-02T03:04:00Z"}), "why") == "waits since 2 Jan 2020 03:04"
    assert words.tr("nested", what={"code": "age", "params": {"at": "2020-01-02T03:04:00Z"}}).endswith("03:04")


def test_problems_of_a_form_are_worded_line_by_line(words: Words) -> None:
    error = Invalid("bad", problems=[{"path": "lines[0].paid", "code": "empty", "params": {}}])
    assert words.error(error) == "something is wrong\nlines[0].paid: must not be empty"


def test_what_nobody_worded_is_visible(words: Words) -> None:
    assert words.tr("no.such") == "⟦no.such⟧"
    assert words.tr("plain", who="x") == "x did {n} {n:case|cases}"


def test_values_from_outside_are_plain(words: Words) -> None:
    assert words.tr("plain", who="\u202e{n}<b>", n=1) == "⟦U+202E⟧{n}<b> did 1 case"


def test_data_in_both_languages(words: Words) -> None:
    text = Text2(zh="审核", en="Review")
    assert words.text2(text) == "Review"
    words.use("zh")
    assert words.text2(text) == "审核"
    with pytest.raises(ValueError):
        words.use("fr")


# ------------------------------------------------------------ formats


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (129900, "CNY", "¥1,299.00"),
        (-30000, "CNY", f"{MINUS}¥300.00"),
        (5990, "EUR", "EUR\u00a059.90"),
        (5990, "JPY", "JPY\u00a05,990"),
        (1234567, "KWD", "KWD\u00a01,234.567"),
        (0, "CNY", "¥0.00"),
        (9007199254740991, "CNY", "¥90,071,992,547,409.91"),
    ],
)
def test_money_is_exact_in_both_locales(minor: int, currency: str, text: str) -> None:
    for language in ("zh", "en"):
        assert formats(language).money({"minor": minor, "currency": currency}) == text


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (6720, "剩 01:52", "1 h 52 m left"),
        (-840, "超时 00:14", "14 m over"),
        (45, "剩 45 秒", "45 s left"),
        (2 * 86400 + 3 * 3600, "剩 2 天 3 小时", "2 d 3 h left"),
        (0, "剩 0 秒", "0 s left"),
    ],
)
def test_time_left_has_units(seconds: int, zh: str, en: str) -> None:
    assert formats("zh").left(seconds) == zh
    assert formats("en").left(seconds) == en


def test_moments_are_as_short_as_they_stay_clear() -> None:
    now = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    at = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
    assert formats("zh").moment(at, now) == "09:30"
    assert formats("zh").moment(at - timedelta(days=2), now) == "11-20 09:30"
    assert formats("en").moment(at - timedelta(days=2), now) == "20 Nov 09:30"
    assert formats("zh").moment(at - timedelta(days=700), now) == "2024-12-22 09:30"
    assert formats("en").full(at) == "22 Nov 2026 09:30:00 +08:00"


def test_numbers() -> None:
    assert formats("zh").number(1920117) == "1,920,117"
    assert formats("en").percent(0.824) == "82%"
    assert formats("en").money({"minor": 100, "currency": "CNY"}, signed=True) == "+¥1.00"


# ------------------------------------------------------------ text from outside


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text", "plain text"),
        ("张思远", "张思远"),
        ("a\u202eb\u2066c", "a⟦U+202E⟧b⟦U+2066⟧c"),
        ("bell\x07 esc\x1b[31m", "bell⟦U+0007⟧ esc⟦U+001B⟧[31m"),
        ("zero\u200bwidth", "zero⟦U+200B⟧width"),
        ("two\r\nlines", "two\nlines"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_hidden_characters_are_shown(raw: str, shown: str) -> None:
    assert plain(raw) == shown


def test_one_line() -> None:
    assert plain("two\nlines\u2028", lines=False) == "two lines"
