"""Hand-worked cases of everything that engines are known to do differently.

A case is a name, a Jinja expression over the project's macros and the text that the
value must have; None is NULL. `values` has dbt compile all of them into one query on
a target and run it there, so that each engine answers the same questions.
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path

from dbt.cli.main import dbtRunner

ROOT = Path(__file__).resolve().parents[2]

NO_TEXT = "nullif('a', 'a')"
NO_DATE = "cast(null as date)"
NO_TIME = "cast(null as timestamp)"
NO_NUMBER = "cast(null as bigint)"


def call(macro: str, *arguments, **named) -> str:
    """Jinja that calls a macro with texts, such as SQL literals, and numbers."""
    given = [json.dumps(value, ensure_ascii=False) for value in arguments]
    given += [
        f"{name}={json.dumps(value, ensure_ascii=False)}"
        for name, value in named.items()
    ]
    return f"{{{{ {macro}({', '.join(given)}) }}}}"


def money(amount: str) -> str:
    return f"cast({amount} as decimal(18, 2))"


def period_start(period_type: str, day: str) -> str:
    return call("period_start", f"'{period_type}'", f"date '{day}'")


def period_number(period_type: str, first: str, later: str) -> str:
    days = [f"date '{first}'", f"date '{later}'"]
    return call("period_number", f"'{period_type}'", *days)


def line_amount(quantity: str, price: str) -> str:
    typed = f"cast({quantity} as decimal(18,3))", f"cast({price} as decimal(18,4))"
    return call("line_amount", *typed)


def read_number(text: str, data_type: str = "decimal(18,2)") -> str:
    return call("read_number", f"'{text}'", data_type, "standard")


def try_number(sql: str) -> str:
    return call("try_number", sql, "decimal(18,3)")


def read_time(text: str, zone: str = "UTC", naive_time: str = "utc") -> str:
    zone = f"'{zone}'"
    return call("read_timestamp", f"'{text}'", "standard", zone, naive_time=naive_time)


def to_utc(local: str, zone: str) -> str:
    return call("utc_time", f"timestamp '{local}'", f"'{zone}'")


def on_clocks(utc: str, zone: str) -> str:
    return call("local_time", f"timestamp '{utc}'", f"'{zone}'")


def share(total: str, so_far: str, weight: str, whole: str, line: int = 1) -> str:
    """What a line, one of three, has of a total of its order."""
    amounts = map(money, (total, so_far, weight, whole))
    order = f"(select {line} as line_number, 3 as line_count) as lines"
    return f"(select {call('share_out', *amounts)} from {order})"


def same_rows(one: str, other: str) -> str:
    """Whether the hashes of two rows, each given as its columns, are equal."""
    hashes = [
        f"(select {call('row_hash', name)} from (select {columns}) as {name})"
        for name, columns in (("one", one), ("other", other))
    ]
    return " = ".join(hashes)


def words(*given: str | None) -> str:
    """A relation with a row per text, in the column `word`."""
    texts = [NO_TEXT if word is None else f"'{word}'" for word in given]
    rows = [f"select {call('as_text', text)} as word" for text in texts]
    return "(" + " union all ".join(rows) + ") as words"


def lines(*numbers: str | None) -> str:
    """Lines of an order that differ in their number alone."""
    same = "1 as product_id, 1 as quantity, 1 as unit_price, 1 as discount_amount"
    return f"(select word, {same} from {words(*numbers)}) as lines"


def placed(relation: str, order: str, place: int) -> str:
    """The word at a place, counted from 1, in an order."""
    numbered = f"row_number() over (order by {order}) as place"
    numbered = f"(select word, {numbered} from {relation}) as numbered"
    return f"(select word from {numbered} where place = {place})"


def in_series(aggregate: str, start: str, stop: str) -> str:
    return f"(select {aggregate} from (select {call('series', start, stop)} as n) as s)"


def of_numbers(aggregate: str, *numbers: str) -> str:
    rows = [f"select cast({number} as bigint) as n" for number in numbers]
    return f"(select {aggregate} from ({' union all '.join(rows)}) as numbers)"


def percentile(share: str, kind: str = "disc") -> str:
    return f"percentile_{kind}({share}) within group (order by n)"


def whole(number: str) -> str:
    return f"cast({number} as bigint)"


def wrong_quintiles(most: int) -> str:
    """How many percentiles of 1 to n, for each n up to the most, are not the smallest
    number with at least that share of the numbers at or below it."""
    shares = {2: "0.2", 4: "0.4", 5: "0.5", 6: "0.6", 8: "0.8"}
    cuts = [f"{percentile(share)} as cut_{tenth}" for tenth, share in shares.items()]
    wrong = [
        f"case when 10 * cut_{tenth} >= {tenth} * size "
        f"and 10 * (cut_{tenth} - 1) < {tenth} * size then 0 else 1 end"
        for tenth in shares
    ]
    sizes = f"(select {call('series', '1', str(most))} as size) as sizes"
    numbers = f"(select size, {call('series', '1', 'size')} as n from {sizes}) as sets"
    cut = f"(select size, {', '.join(cuts)} from {numbers} group by size) as cut"
    return f"(select sum({' + '.join(wrong)}) from {cut})"


def log_gamma(value: str) -> str:
    """The value is Jinja."""
    return f"{{{{ log_gamma({value}) }}}}"


def near(value: str, expected: str) -> str:
    """Whether a double is within 1e-13 of what is expected, or of 1."""
    return f"abs({value} - {expected}) <= 1e-13 * greatest(1, abs({expected}))"


def md5_key(text: str) -> str:
    return str(int(hashlib.md5(text.encode()).hexdigest()[:15], 16))


def secret_hash(text: str) -> str:
    secret = os.environ.get("REPURCHASE_IDENTITY_SECRET", "demo-secret")
    return hashlib.sha256(f"{secret}:{text}".encode()).hexdigest()


WORDS = words("b", "B", "a", "Z", "é", "_", "10", "9", "复", "😀", "ab", "a b")
WORDS_IN_ORDER = ["10", "9", "B", "Z", "_", "a", "a b", "ab", "b", "é", "复", "😀"]
GIVEN = words("b", None, "a")
NEWEST_FIRST = call("newest_first", ["word"])
LINE_ORDER = call("line_order", "word")
NOBODY = "(select 1 as customers where 1 = 0) as nobody"

CASES = [
    # -- integer division --
    ("13 days are one week", period_number("week", "2024-01-01", "2024-01-14"), "1"),
    ("a week earlier", period_number("week", "2024-01-08", "2024-01-07"), "-1"),
    ("days 0 to 29: age 0", period_number("30_days", "2024-01-01", "2024-01-30"), "0"),
    ("day 30: age 1", period_number("30_days", "2024-01-01", "2024-01-31"), "1"),
    (
        "the day before: age -1",
        period_number("30_days", "2024-01-02", "2024-01-01"),
        "-1",
    ),
    ("7 / 2", call("divide_half_away", "7", "2"), "4"),
    ("-7 / 2", call("divide_half_away", "-7", "2"), "-4"),
    ("5 / 3", call("divide_half_away", "5", "3"), "2"),
    ("4 / 3", call("divide_half_away", "4", "3"), "1"),
    ("-4 / 3", call("divide_half_away", "-4", "3"), "-1"),
    ("0 / 3", call("divide_half_away", "0", "3"), "0"),
    ("NULL / 3", call("divide_half_away", NO_NUMBER, "3"), None),
    (
        "a rate is no whole number",
        f"round(100 * {call('rate', '1', '3')}) = 33",
        "true",
    ),
    # -- rounding of .5 --
    ("half a cent", read_number("1.005"), "1.01"),
    ("half a cent below zero", read_number("-1.005"), "-1.01"),
    ("less than half a cent", read_number("1.00499999"), "1.00"),
    ("no binary fraction", read_number("2.675"), "2.68"),
    ("not to the even cent", read_number("0.125"), "0.13"),
    ("four decimals", read_number("0.00005", "decimal(18,4)"), "0.0001"),
    ("half a cent converted", call("converted", money("0.05"), "0.1"), "0.01"),
    (
        "half a cent converted below zero",
        call("converted", money("-0.05"), "0.1"),
        "-0.01",
    ),
    ("converted at 1", call("converted", money("-0.05"), "1.00000000"), "-0.05"),
    ("nothing to convert", call("converted", money("null"), "1"), None),
    ("no rate", call("converted", money("0.05"), "cast(null as decimal(18,8))"), None),
    ("half a cent on average", call("average_amount", money("0.05"), "2"), "0.03"),
    (
        "half a cent on average below zero",
        call("average_amount", money("-0.05"), "2"),
        "-0.03",
    ),
    ("half a cent of a line", line_amount("1.5", "0.0100"), "0.02"),
    ("a third of ten", share("10", "1", "1", "3"), "3.33"),
    ("the second third", share("10", "2", "1", "3"), "3.34"),
    ("the second third of minus ten", share("-10", "2", "1", "3"), "-3.34"),
    ("a third where nothing weighs", share("10", "0", "0", "0", line=2), "3.34"),
    ("a share of nothing", share("0", "1", "1", "3"), "0.00"),
    ("a share of a line for nothing", share("10", "1", "0", "3"), "0.00"),
    ("a share of NULL", share("null", "1", "1", "3"), None),
    # -- decimal overflow --
    (
        "the largest amount shared out",
        share("9999999999999999.99", "1", "1", "9999999999999999.99"),
        "1.00",
    ),
    ("a line below a trillion", line_amount("1", "999999999999.99"), "999999999999.99"),
    ("a line of a trillion", line_amount("1000000", "1000000"), None),
    (
        "a line of the largest factors",
        line_amount("999999999999.999", "99999999999999.9999"),
        None,
    ),
    ("twelve digits", read_number("999999999999.99"), "999999999999.99"),
    ("thirteen digits", read_number("1000000000000"), None),
    (
        "a large amount at a large rate",
        call(
            "converted",
            money("999999999999.99"),
            "cast(1234.56789012 as decimal(18,8))",
        ),
        "1234567890119987.65",
    ),
    (
        "cents times cents",
        "{{ divide_half_away(cents('%s') ~ ' * ' ~ cents('%s'), cents('%s')) }}"
        % ((money("9999999999999999.99"),) * 3),
        "999999999999999999",
    ),
    # -- numbers in texts --
    ("thousands", read_number("1,240.00"), "1240.00"),
    ("a currency sign", read_number("-¥1,240.5"), "-1240.50"),
    ("grouped billions", read_number("999,999,999,999.99"), "999999999999.99"),
    ("a grouped trillion", read_number("1,000,000,000,000"), None),
    ("a group of four digits", read_number("1,2400"), None),
    ("four digits before a group", read_number("1240,000"), None),
    ("groups of two digits", read_number("12,40"), None),
    ("an exponent", read_number("1e3"), None),
    ("hexadecimal", read_number("0x10"), None),
    ("NaN", read_number("NaN"), None),
    ("an underscore", read_number("1_000"), None),
    ("Arabic digits", read_number("٣"), None),
    ("two lines", read_number("1\n2"), None),
    ("a blank", read_number(" "), None),
    ("try NaN", try_number("'NaN'"), None),
    ("try a word", try_number("'line 1'"), None),
    ("try hexadecimal", try_number("'0x10'"), None),
    ("try a number", try_number("'7'"), "7.000"),
    ("try too large a number", try_number("'99999999999999999'"), None),
    ("try NULL", try_number(NO_TEXT), None),
    # -- types --
    *(
        (name, f"cast('1.5' as {call('column_type', name)})", value)
        for name, value in [("string", "1.5"), ("decimal(18,2)", "1.50")]
    ),
    (
        "a double has 15 digits",
        f"cast('0.123456789012345' as {call('column_type', 'double')})",
        "0.123456789012345",
    ),
    # -- NULL in order --
    ("newest first", placed(GIVEN, NEWEST_FIRST, 1), "b"),
    ("newest first, NULL last", placed(GIVEN, NEWEST_FIRST, 3), None),
    ("line 9 before line 10", placed(lines("10", "9", "x"), LINE_ORDER, 1), "9"),
    ("no number after numbers", placed(lines("10", "NaN", "9"), LINE_ORDER, 3), "NaN"),
    ("lines, NULL last", placed(lines("10", None, "x"), LINE_ORDER, 3), None),
    ("greatest skips NULL", f"greatest({NO_NUMBER}, 1)", "1"),
    # -- texts: order, case, blanks --
    ("smallest text", f"(select min(word) from {WORDS})", "10"),
    ("greatest text", f"(select max(word) from {WORDS})", "😀"),
    *(
        (f"text {place}", placed(WORDS, "word", place), word)
        for place, word in enumerate(WORDS_IN_ORDER, 1)
    ),
    ("a, A, á", f"(select count(distinct word) from {words('a', 'A', 'á')})", "3"),
    (
        "a blank at the end",
        f"(select count(distinct word) from {words('a', 'a ')})",
        "2",
    ),
    (
        "two ways to write é",
        f"(select count(distinct word) from {words(chr(0xE9), 'e' + chr(0x301))})",
        "2",
    ),
    ("lower case", call("code", "'ÀÉ-Ü x'"), "àé_ü_x"),
    ("lower case of I", call("code", "'PAID'"), "paid"),
    ("upper case", f"upper({call('clean_text', chr(39) + 'é i' + chr(39))})", "É I"),
    ("white space at the ends", call("clean_text", "' \t a b\r\n '"), "a b"),
    ("nothing but white space", call("trimmed", "' \t'"), None),
    *(
        (f"{name} {place}", call("trimmed", f"'{text}'"), "a")
        for name, blank in [
            ("blank", " "),
            ("tab", "\t"),
            ("no-break blank", "\u00a0"),
            ("ideographic blank", "\u3000"),
        ]
        for place, text in [("at the start", blank + "a"), ("at the end", "a" + blank)]
    ),
    ("nothing but an ideographic blank", call("trimmed", "'\u3000'"), None),
    ("an inverted mark before a comma", call("trimmed", "'¡a、'"), "¡a、"),
    ("Chinese without white space", call("trimmed", "'复购'"), "复购"),
    ("no text", call("trimmed", NO_TEXT), None),
    (
        "length in characters",
        f"length({call('as_text', chr(39) + '复购😀' + chr(39))})",
        "3",
    ),
    ("an id in a formula", call("read_id", "'=\"0012\"'"), "0012"),
    ("an id from a spreadsheet", call("read_id", "'13085.0'"), "13085"),
    ("an id with decimals", call("read_id", "'13085.05'"), "13085.05"),
    ("an id that ends like a number", call("read_id", "'v2.0'"), "v2.0"),
    ("an id in blanks", call("read_id", "' 0012\t'"), "0012"),
    ("an id after an apostrophe", call("read_id", "'''0012'"), "0012"),
    ("an id in Chinese", call("read_id", "'订单1'"), "订单1"),
    ("an id after a no-break blank", call("read_id", "'\u00a012'"), "12"),
    ("an id of an ideographic blank", call("read_id", "'\u3000'"), None),
    ("a number before one", read_number("12.50\u3000"), "12.50"),
    ("an id with a line end", call("read_id", "'12\n'"), "12"),
    ("a formula with no id", call("read_id", "'=\"\"'"), None),
    ("an id of blanks", call("read_id", "'  '"), None),
    ("an id that is empty", call("read_id", "''"), None),
    (
        "raw values without NULL",
        f"(select {call('raw_values', ['word', 'other'])} "
        f"from (select word, {call('as_text', NO_TEXT)} as other "
        f"from {words('a')}) as one)",
        "word=a",
    ),
    # -- regular expressions --
    ("a match", call("matches", "'a,test'", "(^|,) *test *(,|$)"), "true"),
    ("no match", call("matches", "'a,tests'", "(^|,) *test *(,|$)"), "false"),
    ("$ before a line end", call("matches", "'12\n'", "^[0-9]+$"), "false"),
    ("^ after a line end", call("matches", "'x\n12'", "^[0-9]+$"), "false"),
    ("[0-9] and Arabic digits", call("matches", "'٣'", "[0-9]"), "false"),
    ("a match in NULL", call("matches", NO_TEXT, "a"), None),
    (
        "replaced everywhere",
        call("replace_matches", "'+86 (138) 0'", "[^0-9]", ""),
        "861380",
    ),
    (
        "groups in another order",
        call(
            "replace_matches", "'12/1/2010'", "^([0-9]+)/([0-9]+)/([0-9]+)", r"\3-\1-\2"
        ),
        "2010-12-1",
    ),
    # -- keys --
    ("a key", call("hash_key", "'standard|s|1'"), md5_key("standard|s|1")),
    ("a key of Chinese text", call("hash_key", "'店'"), md5_key("店")),
    ("a key of NULL", call("hash_key", NO_TEXT), None),
    ("a keyed hash", call("keyed_hash", "'é@店'"), secret_hash),
    (
        "an e-mail in a text is masked",
        call("read_text", "' To Li+a@x.example, on 2024-01-01 10:00 +0800 '"),
        "To *** on 2024-01-01 10:00 +0800",
    ),
    (
        "a phone with its country is masked",
        call("read_text", "'tel +86 (138) 0000-0000; 1+1 @ home'"),
        "tel ***; 1+1 @ home",
    ),
    (
        "the shortest phone is masked",
        call("read_text", "'tel +86138000, not +8613800'"),
        "tel ***, not +8613800",
    ),
    ("an e-mail as id", call("read_customer_id", "'É@店'"), secret_hash),
    ("an id as id", call("read_customer_id", "'0012.0'"), "0012"),
    ("a keyed hash of NULL", call("keyed_hash", NO_TEXT), None),
    ("a row is itself", same_rows("1 as a, 'x' as b", "1 as a, 'x' as b"), "true"),
    ("a row and another", same_rows("1 as a, 'x' as b", "2 as a, 'x' as b"), "false"),
    ("no text and empty", same_rows(f"{NO_TEXT} as a", "'' as a"), "false"),
    ("columns trade", same_rows("'x' as a, '' as b", "'' as a, 'x' as b"), "false"),
    # -- days, weeks, months --
    ("Sunday ends a week", period_start("week", "2024-03-03"), "2024-02-26"),
    ("Monday starts it", period_start("week", "2024-02-26"), "2024-02-26"),
    ("a week across the year", period_start("week", "2025-01-01"), "2024-12-30"),
    ("a leap day's month", period_start("month", "2024-02-29"), "2024-02-01"),
    ("a quarter's last day", period_start("quarter", "2024-03-31"), "2024-01-01"),
    ("no such period", period_start("year", "2024-03-31"), None),
    ("the first week of all", period_start("week", "0001-01-03"), "0001-01-01"),
    ("the last quarter of all", period_start("quarter", "9999-12-31"), "9999-10-01"),
    ("a day into a month", period_number("month", "2024-01-31", "2024-02-01"), "1"),
    ("two months' ends", period_number("month", "2024-01-31", "2024-02-29"), "1"),
    (
        "quarters across a year",
        period_number("quarter", "2023-12-31", "2024-04-01"),
        "2",
    ),
    (
        "the day after a leap day",
        call("add_days", "date '2024-02-29'", 1),
        "2024-03-01",
    ),
    (
        "30 days from a month's end",
        call("add_days", "date '2024-01-31'", 30),
        "2024-03-01",
    ),
    (
        "a day back over the year",
        call("add_days", "date '2024-01-01'", -1),
        "2023-12-31",
    ),
    ("a day after NULL", call("add_days", NO_DATE, 1), None),
    (
        "days of a leap year",
        call("days_between", "date '2024-01-01'", "date '2025-01-01'"),
        "366",
    ),
    (
        "days backwards",
        call("days_between", "date '2024-01-02'", "date '2024-01-01'"),
        "-1",
    ),
    (
        "all days of all years",
        call("days_between", "date '0001-01-01'", "date '9999-12-31'"),
        "3652058",
    ),
    # -- series and empty aggregates --
    ("three numbers", in_series("count(*)", "0", "2"), "3"),
    ("the last of three", in_series("max(n)", "0", "2"), "2"),
    ("one number", in_series("count(*)", "2", "2"), "1"),
    ("none to a smaller one", in_series("count(*)", "0", "-1"), "0"),
    ("none to NULL", in_series("count(*)", "0", NO_NUMBER), "0"),
    ("a count of nothing", f"(select count(*) from {NOBODY})", "0"),
    ("a sum of nothing", f"(select sum(customers) from {NOBODY})", None),
    (
        "count_where of nothing",
        f"(select {call('count_where', 'true')} from {NOBODY})",
        "0",
    ),
    (
        "a percentile of nothing",
        "(select percentile_disc(0.5) within group (order by customers) "
        f"from {NOBODY})",
        None,
    ),
    # -- percentiles, logarithms --
    ("fifths and medians of up to 100 numbers", wrong_quintiles(100), "0"),
    (
        "a percentile among ties",
        of_numbers(whole(percentile("0.5")), "3", "3", "7"),
        "3",
    ),
    ("the lower one of two", of_numbers(whole(percentile("0.5")), "7", "3"), "3"),
    (
        "a percentile without NULL",
        of_numbers(whole(percentile("0.6")), "null", "3"),
        "3",
    ),
    (
        "a median between two, without NULL",
        of_numbers(f"{percentile('0.5', 'cont')} = 2.5", "2", "null", "3"),
        "true",
    ),
    ("a cycle of one gap", call("cycle_days", "1", "null", "30"), None),
    (
        "a cycle of two gaps",
        f"{call('cycle_days', '2', '12.5', '30')} = "
        "(2 * 12.5 + {{ var('cycle_prior_gaps') }} * 30) "
        "/ (2.0 + {{ var('cycle_prior_gaps') }})",
        "true",
    ),
    *(
        (f"the band of {amount}", call("money_band", money(amount)), band)
        for amount, band in [
            ("null", "-461"),
            ("-5", "-461"),
            ("0", "-461"),
            ("0.01", "-461"),
            ("0.99", "-2"),
            ("1", "0"),
            ("1.01", "0"),
            ("1.02", "1"),
            ("9999999999999999.99", "3684"),
        ]
    ),
    # ln gamma: 0 at 1 and 2, ln(root of pi) at 1/2, ln 4! at 5, ln(10 / 9 x gamma of
    # 1.9) at 0.9; 1 / gamma(x) = x + 0.5772156649 x^2 - ...; Stirling at a million.
    *(
        (
            f"log gamma of {number}",
            near(log_gamma(f"double('{number}')"), value),
            "true",
        )
        for number, value in [
            ("1", "0"),
            ("2", "0"),
            ("0.5", "0.5723649429247001"),
            ("5", "3.1780538303479458"),
            ("0.001", "6.907178885383853"),
            ("0.000000001", "20.72326583636941"),
            ("170.5", "704.0044277342046"),
            ("1000000", "12815504.569147611"),
        ]
    ),
    (
        "log gamma of a sum",
        near(log_gamma("double('2') ~ ' + 3'"), "3.1780538303479458"),
        "true",
    ),
    ("log gamma of NULL", log_gamma("'nullif(' ~ double('1') ~ ', 1)'"), None),
    (
        "ten tenths",
        "(select {{ sum_of_doubles('tenth') }} = 1 from "
        f"(select {{{{ double('0.1') }}}} as tenth from (select "
        f"{call('series', 1, 10)} as n) as numbers) as tenths)",
        "true",
    ),
    (
        "tenths that add up to more than 30 or less by their order",
        "(select {{ sum_of_doubles('n / ' ~ double('10')) }} = 30 from (select "
        f"{call('series', 1, 24)} as n) as numbers)",
        "true",
    ),
    (
        "a sum in order",
        "(select {{ sum_in_order('half') }} = 5 from "
        f"(select {{{{ double('0.5') }}}} as half from (select "
        f"{call('series', 1, 10)} as n) as numbers) as halves)",
        "true",
    ),
    (
        "a sum in order of no doubles",
        f"(select {{{{ sum_in_order(double('1')) }}}} from {NOBODY})",
        None,
    ),
    (
        "a sum of no doubles",
        f"(select {{{{ sum_of_doubles(double('1')) }}}} from {NOBODY})",
        None,
    ),
    ("a rate of nobody", call("rate", "0", "0"), None),
    ("a bound of nobody", call("wilson_low", "0", "0"), None),
    ("an average of nobody", call("average_amount", money("0"), "0"), None),
    # -- times in texts --
    ("an offset", read_time("2024-05-01T09:30:00+08:00"), "2024-05-01 01:30:00"),
    (
        "an offset after a blank",
        read_time("2024-05-01 09:30:00 +0800"),
        "2024-05-01 01:30:00",
    ),
    ("an offset of hours", read_time("2024-05-01 09:30:00-05"), "2024-05-01 14:30:00"),
    (
        "half an hour west",
        read_time("2024-05-01 09:30:00-03:30"),
        "2024-05-01 13:00:00",
    ),
    ("minutes west", read_time("2024-05-01 09:30:00-00:30"), "2024-05-01 10:00:00"),
    ("an offset of days", read_time("2024-05-01 09:30+99:00"), "2024-04-27 06:30:00"),
    ("Z", read_time("2024-05-01T09:30Z"), "2024-05-01 09:30:00"),
    ("Z after a blank", read_time("2024-05-01 09:30:00 Z"), "2024-05-01 09:30:00"),
    ("UTC", read_time("2024-05-01 09:30:00 UTC"), "2024-05-01 09:30:00"),
    ("UTC joined", read_time("2024-05-01T09:30:00UTC"), "2024-05-01 09:30:00"),
    (
        "decimals and UTC joined",
        read_time("2024-05-01 09:30:00.5UTC"),
        "2024-05-01 09:30:00.5",
    ),
    (
        "hours after a blank",
        read_time("2024-05-01 09:30:00 +08"),
        "2024-05-01 01:30:00",
    ),
    ("two blanks before Z", read_time("2024-05-01 09:30:00  Z"), None),
    ("another zone's letters", read_time("2024-05-01 09:30:00 CST"), None),
    ("an offset to a date", read_time("2024-05-01 +08:00"), None),
    ("31 April in UTC", read_time("2024-04-31 09:30:00UTC"), None),
    (
        "try a time",
        call("try_timestamp", "'2024-05-01 09:30'"),
        "2024-05-01 09:30:00",
    ),
    (
        "try an offset",
        call("try_timestamp_with_offset", "'2024-05-01 09:30-0330'"),
        "2024-05-01 13:00:00",
    ),
    (
        "no offset",
        read_time("2024-05-01 09:30", "Asia/Shanghai"),
        "2024-05-01 09:30:00",
    ),
    (
        "a local time",
        read_time("2024-05-01 09:30", "Asia/Shanghai", "local"),
        "2024-05-01 01:30:00",
    ),
    ("a date alone", read_time("2024-05-01", "Asia/Shanghai"), "2024-04-30 16:00:00"),
    ("one-digit month and day", read_time("2024/5/1 9:05"), "2024-05-01 09:05:00"),
    (
        "six decimals",
        read_time("2024-05-01 09:30:00.123456"),
        "2024-05-01 09:30:00.123456",
    ),
    (
        "a seventh decimal",
        read_time("2024-05-01 09:30:00.1234569"),
        "2024-05-01 09:30:00.123456",
    ),
    (
        "seven nines",
        read_time("2024-12-31 23:59:59.9999999"),
        "2024-12-31 23:59:59.999999",
    ),
    (
        "seven nines and an offset",
        read_time("2024-12-31 23:59:59.9999999Z"),
        "2024-12-31 23:59:59.999999",
    ),
    ("31 April", read_time("2024-04-31"), None),
    ("29 February 2023", read_time("2023-02-29"), None),
    ("29 February 2024", read_time("2024-02-29"), "2024-02-29 00:00:00"),
    ("month 13", read_time("2024-13-01"), None),
    ("24:00", read_time("2024-04-30 24:00:00"), "2024-05-01 00:00:00"),
    ("25:00", read_time("2024-04-30 25:00"), None),
    ("minute 60", read_time("2024-04-30 23:60"), None),
    ("second 60", read_time("2024-04-30 23:59:60"), None),
    ("now", read_time("now"), None),
    ("infinity", read_time("infinity"), None),
    ("a year of two digits", read_time("24-05-01"), None),
    ("a zero date", read_time("0000-00-00 00:00:00"), None),
    ("year 0", f"{read_time('0000-01-01')} < timestamp '0001-01-01 00:00:00'", "true"),
    ("the first day of all", read_time("0001-01-01"), "0001-01-01 00:00:00"),
    ("the last second of all", read_time("9999-12-31 23:59:59"), "9999-12-31 23:59:59"),
    ("NULL as a time", call("read_timestamp", NO_TEXT, "standard"), None),
    # -- clock changes: a skipped hour has the old offset, of two the later counts --
    (
        "New York, winter",
        to_utc("2024-01-15 12:00:00", "America/New_York"),
        "2024-01-15 17:00:00",
    ),
    (
        "New York, summer",
        to_utc("2024-07-15 12:00:00", "America/New_York"),
        "2024-07-15 16:00:00",
    ),
    (
        "New York, before the skip",
        to_utc("2024-03-10 01:59:59", "America/New_York"),
        "2024-03-10 06:59:59",
    ),
    (
        "New York, skipped",
        to_utc("2024-03-10 02:30:00", "America/New_York"),
        "2024-03-10 07:30:00",
    ),
    (
        "New York, after the skip",
        to_utc("2024-03-10 03:00:00", "America/New_York"),
        "2024-03-10 07:00:00",
    ),
    (
        "New York, repeated",
        to_utc("2024-11-03 01:30:00", "America/New_York"),
        "2024-11-03 06:30:00",
    ),
    (
        "London, skipped",
        to_utc("2024-03-31 01:30:00", "Europe/London"),
        "2024-03-31 01:30:00",
    ),
    (
        "London, repeated",
        to_utc("2024-10-27 01:30:00", "Europe/London"),
        "2024-10-27 01:30:00",
    ),
    (
        "Dublin, skipped",
        to_utc("2024-03-31 01:30:00", "Europe/Dublin"),
        "2024-03-31 01:30:00",
    ),
    (
        "Dublin, repeated",
        to_utc("2024-10-27 01:30:00", "Europe/Dublin"),
        "2024-10-27 01:30:00",
    ),
    (
        "Sydney, skipped",
        to_utc("2024-10-06 02:30:00", "Australia/Sydney"),
        "2024-10-05 16:30:00",
    ),
    (
        "Sydney, repeated",
        to_utc("2024-04-07 02:30:00", "Australia/Sydney"),
        "2024-04-06 16:30:00",
    ),
    (
        "half an hour skipped",
        to_utc("2024-10-06 02:15:00", "Australia/Lord_Howe"),
        "2024-10-05 15:45:00",
    ),
    (
        "half an hour repeated",
        to_utc("2024-04-07 01:45:00", "Australia/Lord_Howe"),
        "2024-04-06 15:15:00",
    ),
    (
        "midnight skipped",
        to_utc("2018-11-04 00:00:00", "America/Sao_Paulo"),
        "2018-11-04 03:00:00",
    ),
    (
        "a day without midnight",
        f"cast({on_clocks('2018-11-04 03:00:00', 'America/Sao_Paulo')} as date)",
        "2018-11-04",
    ),
    (
        "Shanghai, summer 1990",
        to_utc("1990-07-01 12:00:00", "Asia/Shanghai"),
        "1990-07-01 03:00:00",
    ),
    (
        "a quarter of an hour",
        to_utc("2024-01-01 12:00:00", "Asia/Kathmandu"),
        "2024-01-01 06:15:00",
    ),
    (
        "the evening before",
        on_clocks("2024-01-01 00:00:00", "America/New_York"),
        "2023-12-31 19:00:00",
    ),
    (
        "clocks in summer",
        on_clocks("2024-07-01 00:00:00", "Europe/London"),
        "2024-07-01 01:00:00",
    ),
    (
        "first of two hours",
        on_clocks("2024-11-03 05:30:00", "America/New_York"),
        "2024-11-03 01:30:00",
    ),
    (
        "second of two hours",
        on_clocks("2024-11-03 06:30:00", "America/New_York"),
        "2024-11-03 01:30:00",
    ),
    ("NULL on the clocks", call("local_time", NO_TIME, "'Asia/Shanghai'"), None),
    ("a time zone", call("is_time_zone", "'Asia/Shanghai'"), "true"),
    ("an older name", call("is_time_zone", "'Asia/Chongqing'"), "true"),
    (
        "a name in three parts",
        call("is_time_zone", "'America/Argentina/Buenos_Aires'"),
        "true",
    ),
    ("a name of one part", call("is_time_zone", "'UTC'"), "true"),
    ("a name with a plus", call("is_time_zone", "'Etc/GMT+1'"), "true"),
    ("a region alone", call("is_time_zone", "'America/'"), "false"),
    ("NULL as a zone", call("is_time_zone", NO_TEXT), None),
    ("a name in lower case", call("is_time_zone", "'asia/shanghai'"), "false"),
    ("an abbreviation", call("is_time_zone", "'CST'"), "false"),
    ("an offset as a zone", call("is_time_zone", "'+08:00'"), "false"),
]


def query() -> str:
    """All cases as one select, still Jinja: a row per case with its number and text."""
    rows = [
        f"select {number} as case_number, {{% set value %}}{expression}{{% endset %}}"
        "{{ as_text(value) }} as value"
        for number, (_, expression, _) in enumerate(CASES)
    ]
    return "\nunion all\n".join(rows)


SECRETS = ['it\'s \\ 50 %s "long"; --', "\\'; drop table 店; --\\"]
FOLDER = tempfile.TemporaryDirectory()


def dbt(*arguments):
    """What dbt says, its files in a folder of their own."""
    return dbtRunner().invoke(
        [*arguments, "--quiet", "--target-path", FOLDER.name]
        + ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    )


def keep_secret(target: str) -> None:
    """What a run begins with, and showing does not."""
    result = dbt("run-operation", "keep_identity_secret", "--target", target)
    assert result.success, result.exception


def values(target: str) -> dict[str, str | None]:
    """What a target answers, by the cases' names."""
    keep_secret(target)
    result = dbt("show", "--inline", query(), "--limit", "-1", "--target", target)
    assert result.success, result.exception or result.result.results[0].message
    (shown,) = result.result.results
    names = [name for name, _, _ in CASES]
    return {names[int(number)]: value for number, value in shown.agate_table.rows}


def differences(target: str) -> list[str]:
    """One line for each case that a target answers otherwise."""
    found = values(target)
    wanted = {
        name: secret_hash("é@店") if expected is secret_hash else expected
        for name, _, expected in CASES
    }
    return [
        f"{name}: expected {expected}, found {found[name]}"
        for name, expected in wanted.items()
        if found[name] != expected
    ]
