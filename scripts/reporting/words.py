"""The two languages of the report: words, and numbers in each one's habit.

Numbers, shares, money and dates come from formatters, which give a Text that also
remembers the exact value; the page shows it in a `<data>` element. NULL is a dash.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from babel import dates, numbers
from markupsafe import Markup, escape

LOCALES = {"en": "en", "zh": "zh_CN"}
CHINESE = re.compile("[\u4e00-\u9fff]")
ELEMENT = Markup('<data value="{}" data-key="{}">{}</data>')


@dataclass(frozen=True)
class Text:
    """The same words in English and Chinese; `exact` is the number they show.

    Plain strings: wherever a Text is shown, what looks like markup stays text.
    """

    en: str
    zh: str
    exact: object = None

    def __bool__(self) -> bool:
        return bool(self.en)

    def __iter__(self):
        return iter((self.en, self.zh))

    def each(self, change) -> "Text":
        """With `change` done to the words of both languages."""
        return replace(self, en=change(self.en), zh=change(self.zh))

    def fill(self, **values) -> "Text":
        """With each {name} replaced by a Text, or by the same value in both languages.

        A number becomes a `<data>` element that holds its exact value under its name.
        """

        def filled(language):
            parts = {
                name: getattr(named(value, name), language)
                if isinstance(value, Text)
                else value
                for name, value in values.items()
            }
            return Markup(escape(getattr(self, language))).format(**parts)

        return Text(filled("en"), filled("zh"))


def named(text: Text, name: str) -> Text:
    """The Text as a `<data>` element under a name, if it shows a number."""
    if text.exact is None:
        return text
    return text.each(lambda words: ELEMENT.format(text.exact, name, words))


def bare(words: str) -> str:
    """The words without their `<data>` elements, for charts and pictures."""
    kept = re.sub(r"</?data\b[^>]*>", "", words)
    return Markup(kept) if isinstance(words, Markup) else kept


def same(words) -> Text:
    """A name from the data, the same in both languages."""
    return NONE if words is None else Text(str(words), str(words))


def formatter(show):
    """Makes of show(value, locale, ...) a function of value to Text."""

    def shown(value, *rest, **options):
        if value is None:
            return NONE
        en, zh = (show(value, locale, *rest, **options) for locale in LOCALES.values())
        exact = value.isoformat() if isinstance(value, date) else value
        return Text(en, zh, exact)

    shown.__doc__ = show.__doc__
    return shown


@formatter
def number(value, locale, decimals=0):
    """1,525,944"""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return numbers.format_decimal(value, pattern, locale)


@formatter
def share(value, locale, decimals=1):
    """0.315 as 31.5%"""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + "%"
    return numbers.format_percent(value, pattern, locale)


@formatter
def money(value, locale, currency, decimals=0):
    """CN¥1,525,944 and ¥1,525,944; a plain number without a currency"""
    if not currency:
        return numbers.format_decimal(value, locale=locale, decimal_quantization=True)
    value = round(Decimal(value), decimals)
    pattern = "¤#,##0" + ("." + "0" * decimals if decimals else "")
    return numbers.format_currency(
        value, currency, pattern, locale, currency_digits=False
    )


@formatter
def compact(value, locale):
    """1.5M and 152.6万, for labels in charts"""
    return numbers.format_compact_decimal(
        rounded(value), locale=locale, fraction_digits=1
    )


@formatter
def compact_money(value, locale, currency):
    """CN¥1.5M and ¥152.6万, for headlines"""
    if not currency:
        return numbers.format_compact_decimal(
            rounded(value), locale=locale, fraction_digits=1
        )
    return numbers.format_compact_currency(
        rounded(value), currency, locale=locale, fraction_digits=1
    )


def rounded(value):
    """What is too small for a compact form, without needless decimals."""
    if abs(value) >= 1000:
        return value
    return round(value) if abs(value) >= 10 or value == 0 else round(value, 1)


@formatter
def day(value, locale):
    """Jun 30, 2025 and 2025年6月30日"""
    form = "medium" if locale == "en" else "long"
    return dates.format_date(value, form, locale)


@formatter
def month(value, locale):
    """Jun 2025 and 2025年6月"""
    return dates.format_skeleton("yMMM", value, locale=locale)


@formatter
def quarter(value, locale):
    """Q2 2025 and 2025年Q2"""
    form = "'Q'Q y" if locale == "en" else "y年'Q'Q"
    return dates.format_date(value, form, locale)


@formatter
def month_name(value, locale, full=False):
    """6 as Jun, in full June, and 6月"""
    width = "wide" if full and locale == "en" else "abbreviated"
    return dates.get_month_names(width, locale=locale)[value]


@formatter
def weekday_name(value, locale, full=False):
    """1 as Mon, in full Monday, and 周一"""
    width = "wide" if full and locale == "en" else "abbreviated"
    return dates.get_day_names(width, locale=locale)[value - 1]


def interval(low, high, decimals=1, show=share) -> Text:
    """A 95 % interval, of a share unless shown otherwise: 29.3%–33.7%"""
    if low is None or high is None:
        return NONE
    ends = show(low, decimals), show(high, decimals)
    return Text(*("–".join(pair) for pair in zip(*ends, strict=True)), f"{low} {high}")


NONE = Text("–", "–")
NOT_YET = Text("not yet", "未到期")
EMPTY = Text("", "")
