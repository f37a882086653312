"""Cohorts by 30-day age as a triangle in SVG: repurchase, and revenue per customer.

The first one is README's picture too.
"""

from dataclasses import dataclass

from markupsafe import Markup, escape
from reporting.marts import Marts
from reporting.words import Text, bare, compact, number, same, share

COHORTS = 18  # rows, the youngest ones
AGES = 13  # columns: 30-day ages 0 to 12
WINDOW = 90  # days of the rate at the right
STEP = 10  # percentage points per colour
STEPS = 7
STYLE = """
  svg.cohorts { --paper: #ffffff; --ink: #1f2937; --soft: #5b6675; --faint: #c9d1da;
    --bar: #b8c2cd; --on-pale: #14263b; --on-middle: #0d1b2a; --on-strong: #ffffff;
    --dot: #12508c; --s0: #edf3fa; --s1: #d3e3f3; --s2: #b1cee9; --s3: #86b3dc;
    --s4: #5b97ca; --s5: #2c6cab; --s6: #124a84; }
  @media screen and (prefers-color-scheme: dark) { svg.cohorts { --paper: #0d1117;
    --ink: #e6edf3; --soft: #9aa7b4; --faint: #3a444f; --bar: #4b5764;
    --on-pale: #f0f6fc; --on-middle: #06101a; --on-strong: #06101a; --dot: #8cbcec;
    --s0: #142233; --s1: #193453; --s2: #204b77; --s3: #2c659c; --s4: #5190cb;
    --s5: #83b5e4; --s6: #bcd9f4; } }
  svg.cohorts text { font: 12px -apple-system, "Segoe UI", "Noto Sans", "PingFang SC",
    "Microsoft YaHei", "Noto Sans CJK SC", Helvetica, Arial, sans-serif;
    fill: var(--ink); font-variant-numeric: tabular-nums; }
  svg.cohorts .title { font-size: 17px; font-weight: 600; }
  svg.cohorts .head { font-weight: 600; } svg.cohorts .soft { fill: var(--soft); }
  svg.cohorts .cell { font-size: 11px; } svg.cohorts .pale { fill: var(--on-pale); }
  svg.cohorts .middle { fill: var(--on-middle); }
  svg.cohorts .strong { fill: var(--on-strong); }
  svg.cohorts .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; }
"""
INKS = ["pale"] * 4 + ["middle"] + ["strong"] * 2  # by colour step
LEFT, HEAT, CELL, ROW = 24, 172, 34, 20
RATES, RATES_WIDTH, MOST = 654, 190, 0.6  # right panel: x, width, rate at its end
TOP, WIDTH = 116, 880


@dataclass
class Cell:
    """A cell of the triangle; without a label it is not over for every customer."""

    age: int
    step: int = 0
    label: Text | None = None
    hover: Text | None = None


@dataclass
class Line:
    """A row of the triangle: its name, its size, its cells, and what stands right."""

    name: Text
    size: int | None
    cells: list[Cell]
    rate: object = None  # a row of repurchase_rates


class Canvas:
    """SVG shapes in one language, under a name that no other picture has."""

    def __init__(self, language: str, name: Text):
        self.language, self.name = language, name
        self.id = f"{name.en.lower().replace(' ', '-')}-{language}"
        self.shapes: list[str] = []

    def words(self, text: Text):
        return escape(bare(getattr(text, self.language)))

    def text(self, x, y, text: Text, style="", anchor="start"):
        style = f' class="{style}"' if style else ""
        anchor = f' text-anchor="{anchor}"' if anchor != "start" else ""
        words = self.words(text)
        self.shapes.append(f'<text x="{x:g}" y="{y:g}"{style}{anchor}>{words}</text>')

    def box(self, x, y, width, height, fill, hover: Text | None = None):
        shape = (
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="2" '
            f'fill="{fill}"'
        )
        inside = f"><title>{self.words(hover)}</title></rect>" if hover else "/>"
        self.shapes.append(shape + inside)

    def hatch(self, x, y, width, height):
        self.box(x, y, width, height, f"url(#{self.id}-hatch)")

    def line(self, x1, y1, x2, y2, colour, extra=""):
        self.shapes.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" '
            f'stroke="var(--{colour})"{extra}/>'
        )

    def svg(self, height: int, story: Text) -> Markup:
        """The picture of a height, with its name and story for screen readers."""
        hatch = (
            f'<defs><pattern id="{self.id}-hatch" width="6" height="6" '
            'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            '<rect width="6" height="6" fill="var(--paper)"/>'
            '<rect width="1.6" height="6" fill="var(--faint)"/></pattern></defs>'
        )
        return Markup(
            "\n".join(
                [
                    '<svg xmlns="http://www.w3.org/2000/svg" class="cohorts" '
                    f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
                    f'height="{height}" role="img" '
                    f'aria-labelledby="{self.id}-name {self.id}-story">',
                    f'<title id="{self.id}-name">{self.words(self.name)}</title>',
                    f'<desc id="{self.id}-story">{self.words(story)}</desc>',
                    f"<style>{STYLE}</style>",
                    hatch,
                    f'<rect width="{WIDTH}" height="{height}" rx="8" '
                    'fill="var(--paper)"/>',
                    *self.shapes,
                    "</svg>\n",
                ]
            )
        )


def step_of(part: float) -> int:
    return max(0, min(int(part), STEPS - 1))


def draw_cells(canvas: Canvas, y: float, cells: list[Cell]) -> None:
    for cell in cells:
        x = HEAT + cell.age * CELL
        if cell.label is None:
            canvas.hatch(x, y, CELL - 2, ROW - 2)
            continue
        canvas.box(x, y, CELL - 2, ROW - 2, f"var(--s{cell.step})", cell.hover)
        ink = f"cell {INKS[cell.step]}"
        canvas.text(x + CELL / 2 - 1, y + 13, cell.label, ink, "middle")


def draw_triangle(canvas: Canvas, lines: list[Line]) -> float:
    """Names, sizes and cells of all lines; the y below them."""
    first = Text("first", "首购")
    canvas.text(LEFT, TOP - 26, first, "head")
    canvas.text(LEFT, TOP - 10, Text("purchase", "月份"), "head")
    canvas.text(LEFT + 62, TOP - 10, Text("customers", "客户数"), "head")
    ages = Text(
        "age in 30-day steps since the first purchase", "首购后第几个 30 天（从 0 起）"
    )
    canvas.text(HEAT, TOP - 26, ages, "head")
    for age in range(AGES):
        middle = HEAT + age * CELL + CELL / 2 - 1
        canvas.text(middle, TOP - 10, number(age), "cell soft", "middle")
    most = max([line.size or 0 for line in lines] + [1])
    for place, line in enumerate(lines):
        y = TOP + place * ROW
        width = line.size / most * 48
        canvas.text(LEFT, y + 13, line.name)
        canvas.box(LEFT + 62, y + 3, max(width, 1), ROW - 8, "var(--bar)")
        canvas.text(LEFT + 66 + width, y + 13, same(line.size), "cell soft")
        draw_cells(canvas, y, line.cells)
    return TOP + len(lines) * ROW


def draw_legend(canvas: Canvas, y: float, ends: list[Text], unit: Text) -> None:
    """Colours with the value at which each begins, and the hatching."""
    for step, end in enumerate(ends):
        x = HEAT + step * CELL
        canvas.box(x, y, CELL - 2, 10, f"var(--s{step})")
        canvas.text(x, y + 24, end, "cell soft", "middle")
    canvas.text(HEAT + STEPS * CELL, y + 24, unit, "cell soft", "middle")
    x = HEAT + (STEPS + 1) * CELL
    canvas.hatch(x, y, CELL - 2, 10)
    open_yet = Text(
        "not over for every customer: no figure yet", "未到期：并非所有客户都走完该时段"
    )
    canvas.text(x + CELL + 4, y + 9, open_yet, "cell soft")


def draw_rate(canvas: Canvas, y: float, rate_x, row, words: Text) -> None:
    """A rate as a dot on its interval, with what it says in words."""
    middle, stroke = y + ROW / 2 - 1, ' stroke-width="1.5"'
    canvas.line(rate_x(row.ci_low), middle, rate_x(row.ci_high), middle, "dot", stroke)
    canvas.shapes.append(
        f'<circle cx="{rate_x(row.repurchase_rate):.1f}" cy="{middle:g}" r="4" '
        'fill="var(--dot)"/>'
    )
    canvas.text(rate_x(row.ci_high) + 6, y + 13, words, "cell halo")


def youngest(marts: Marts, columns: str) -> dict:
    """Rows of the 30-day ages by cohort, of the youngest cohorts, oldest first."""
    found = marts.some(
        f"select cohort_start, period_number, cohort_size, is_mature, {columns} "
        "from cohort_retention where period_type = '30_days' and period_number < ? "
        "order by cohort_start, period_number",
        AGES,
    )
    cohorts = {row.cohort_start: [] for row in found}
    for row in found:
        cohorts[row.cohort_start].append(row)
    return dict(list(cohorts.items())[-COHORTS:])


def month_of(cohort) -> Text:
    return same(cohort.strftime("%Y-%m"))


def repurchase_lines(cohorts: dict, rates: dict) -> list[Line]:
    lines = []
    for cohort, rows in cohorts.items():
        cells = []
        for row in rows:
            hover = Text(
                "{month}, age {age}: {back} of {size} customers",
                "{month} 首购，第 {age} 个 30 天：{size} 位客户中 {back} 位已复购",
            ).fill(
                month=cohort.strftime("%Y-%m"),
                age=row.period_number,
                back=row.eligible_repurchasers,
                size=row.cohort_size,
            )
            rate = row.cumulative_repurchase_rate
            cells.append(
                Cell(
                    row.period_number, step_of(rate * 100 / STEP), percent(rate), hover
                )
                if row.is_mature
                else Cell(row.period_number)
            )
        lines.append(Line(month_of(cohort), rows[0].cohort_size, cells, rates[cohort]))
    return lines


def percent(rate: float) -> Text:
    return same(f"{rate:.0%}"[:-1])


def average_cell(row) -> Cell:
    hover = Text(
        "age {age}: {cohorts} mature cohorts, {customers} customers",
        "第 {age} 个 30 天：{cohorts} 个已到期同期群，{customers} 位客户",
    ).fill(
        age=row.period_number,
        cohorts=row.cohorts,
        customers=number(row.eligible_customers),
    )
    rate = row.cumulative_repurchase_rate
    if rate is None:
        return Cell(row.period_number)
    return Cell(row.period_number, step_of(rate * 100 / STEP), percent(rate), hover)


def repurchase_story(everybody) -> Text:
    """The finding of the picture in a sentence."""
    if everybody.repurchase_rate is None:
        return Text(
            f"No customer's {WINDOW} days are over yet.",
            f"还没有客户走完首购后的 {WINDOW} 天。",
        )
    return Text(
        f"Of {{eligible}} customers whose {WINDOW} days are over, {{back}} ({{rate}}) "
        "bought a second time within them.",
        f"首购满 {WINDOW} 天的 {{eligible}} 位客户中，{{back}} 位"
        f"（{{rate}}）在 {WINDOW} 天内再次购买。",
    ).fill(
        eligible=number(everybody.eligible_customers),
        back=number(everybody.repurchasers),
        rate=share(everybody.repurchase_rate),
    )


def repurchase_picture(marts: Marts, language: str, shop: Text) -> Markup:
    """Cohorts by the share with a second purchase, and their rate within the window.

    `shop` is what the subtitle begins with. NoData without a cohort.
    """
    cohorts = youngest(marts, "cumulative_repurchase_rate, eligible_repurchasers")
    rates = {
        row.cohort_start: row
        for row in marts.rows(
            "select * from repurchase_rates where window_days = ?", WINDOW
        )
    }
    averages = marts.rows(
        "select period_number, cumulative_repurchase_rate, cohorts, eligible_customers "
        "from cohort_retention_averages where period_type = '30_days' "
        "and not is_left_censored_excluded and period_number < ? order by all",
        AGES,
    )
    everybody = rates[None]
    lines = repurchase_lines(cohorts, rates)
    canvas = Canvas(language, Text("Repurchase by cohort", "同期群复购"))
    title = Text(
        "Who comes back, by month of the first purchase", "各月首购客户的复购情况"
    )
    canvas.text(LEFT, 36, title, "title")
    other = Text("同期群累计复购率", "同期群累计复购率")
    canvas.text(WIDTH - LEFT, 36, other, "soft", "end")
    subtitle = Text(
        "{shop}, {customers} customers, as of {day}. In the cells: % of the cohort "
        "with a second purchase day by the end of that age.",
        "{shop}，{customers} 位客户，截至 {day}。"
        "格内：到该时段结束为止，有第二个购买日的客户占比（%）。",
    ).fill(shop=shop, customers=f"{everybody.customers:,}", day=everybody.as_of_date)
    canvas.text(LEFT, 58, subtitle, "soft")
    head = Text(f"second purchase within {WINDOW} days", f"{WINDOW} 日复购率")
    canvas.text(RATES, TOP - 26, head, "head")
    ci = Text("with its 95 % interval", "及 95% 置信区间")
    canvas.text(RATES, TOP - 10, ci, "soft")
    bottom = TOP + len(lines) * ROW
    average_y = bottom + 10
    overall = everybody.repurchase_rate
    highest = max(row.ci_high or 0 for row in rates.values())

    def rate_x(rate: float) -> float:
        return RATES + rate / max(MOST, highest) * RATES_WIDTH

    if overall is not None:
        x, dashes = rate_x(overall), ' stroke-dasharray="2 3"'
        canvas.line(x, TOP - 4, x, average_y + ROW, "soft", dashes)
    draw_triangle(canvas, lines)
    for place, line in enumerate(lines):
        y, rate = TOP + place * ROW, line.rate
        if rate.is_mature:
            draw_rate(canvas, y, rate_x, rate, same(f"{rate.repurchase_rate:.0%}"))
            continue
        words = Text(
            f"open: {rate.eligible_customers} of {rate.customers} have had "
            f"{WINDOW} days",
            f"未到期：{rate.customers} 人中 {rate.eligible_customers} 人满 {WINDOW} 天",
        )
        canvas.text(RATES, y + 13, words, "cell soft halo")
    canvas.line(LEFT, bottom + 4, WIDTH - LEFT, bottom + 4, "faint")
    mature = Text("all mature cohorts", "全部已到期同期群")
    canvas.text(LEFT, average_y + 13, mature, "head")
    draw_cells(canvas, average_y, [average_cell(row) for row in averages])
    if overall is not None:
        words = Text("{rate} of {eligible}", "{eligible} 人中 {rate}")
        words = words.fill(
            rate=f"{overall:.1%}", eligible=f"{everybody.eligible_customers:,}"
        )
        draw_rate(canvas, average_y, rate_x, everybody, words)
    ends = [same(step * STEP) for step in range(STEPS)]
    draw_legend(canvas, average_y + ROW + 18, ends, same("%"))
    return canvas.svg(average_y + ROW + 56, repurchase_story(everybody))


def value_lines(cohorts: dict, highest: float) -> list[Line]:
    lines = []
    for cohort, rows in cohorts.items():
        cells = []
        for row in rows:
            if not row.is_mature:
                cells.append(Cell(row.period_number))
                continue
            worth = row.cumulative_ltv
            hover = Text(
                "{month}, age {age}: {worth} for each of {size} customers",
                "{month} 首购，第 {age} 个 30 天：{size} 位客户，人均 {worth}",
            ).fill(
                month=cohort.strftime("%Y-%m"),
                age=row.period_number,
                worth=number(worth, 2),
                size=row.cohort_size,
            )
            step = step_of(float(worth) / highest * STEPS)
            cells.append(Cell(row.period_number, step, compact(worth), hover))
        lines.append(Line(month_of(cohort), rows[0].cohort_size, cells))
    return lines


def value_picture(marts: Marts, language: str) -> Markup:
    """Cohorts by net revenue per customer to date, as the first picture shows rates.

    NoData without a cohort.
    """
    cohorts = youngest(marts, "cumulative_ltv")
    mature = [row for rows in cohorts.values() for row in rows if row.is_mature]
    highest = max([float(row.cumulative_ltv) for row in mature] + [1.0])
    lines = value_lines(cohorts, highest)
    canvas = Canvas(language, Text("Revenue by cohort", "同期群收入"))
    title = Text(
        "What a customer has brought in, by month of the first purchase",
        "各月首购客户的人均累计净收入",
    )
    canvas.text(LEFT, 36, title, "title")
    subtitle = Text(
        "In the cells: net revenue by the end of that age / all customers of the "
        "cohort, in {currency}.",
        "格内：到该时段结束为止的累计净收入 ÷ 同期群全部客户数，单位 {currency}。",
    ).fill(currency=marts.currency)
    canvas.text(LEFT, 58, subtitle, "soft")
    bottom = draw_triangle(canvas, lines)
    ends = [compact(highest * step / STEPS) for step in range(STEPS)]
    draw_legend(canvas, bottom + 18, ends, same(marts.currency))
    return canvas.svg(bottom + 56, title)
