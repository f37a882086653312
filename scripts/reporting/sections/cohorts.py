"""Do newer customers come back as older ones did?"""

from reporting.blocks import Content, Picture
from reporting.cohort_picture import (
    repurchase_picture,
    repurchase_story,
    value_picture,
)
from reporting.words import Text, month, number, share

TITLE = Text("Cohorts", "同期群")
QUESTION = Text(
    "Do newer customers come back as older ones did?",
    "新一批客户的复购是否不如老一批？",
)


def section(marts) -> Content:
    everybody = marts.some(
        "select * from repurchase_rates where cohort_start is null and window_days = 90"
    )[0]
    mature = marts.rows(
        "select cohort_start, repurchase_rate, repurchasers, eligible_customers "
        "from repurchase_rates where cohort_start is not null and window_days = 90 "
        "and is_mature and eligible_customers > 0 order by cohort_start desc"
    )
    shop = Text("All shops", "全部店铺")
    story = repurchase_story(everybody)
    return Content(
        answer(mature[0]) if mature else story,
        [
            Picture(
                Text("Second purchases", "复购"),
                story,
                both(lambda language: repurchase_picture(marts, language, shop)),
            ),
            Picture(
                Text("Revenue", "收入"),
                Text(
                    "Cells grow to the right, since revenue adds up; read down a "
                    "column to compare cohorts at the same age.",
                    "累计值随时间增长；竖着看同一列，可比较各批客户在同一时段的表现。",
                ),
                both(lambda language: value_picture(marts, language)),
            ),
        ],
    )


def both(draw) -> Text:
    return Text(draw("en"), draw("zh"))


def answer(youngest) -> Text:
    return Text(
        "Of the youngest cohort whose 90 days are over, {month}, "
        "{cohort_repurchasers} of {cohort_size} customers ({cohort_rate}) bought again "
        "within them.",
        "最近一个满 90 天的同期群（{month}首购）共 {cohort_size} 位客户，"
        "90 天内复购 {cohort_repurchasers} 位（{cohort_rate}）。",
    ).fill(
        month=month(youngest.cohort_start),
        cohort_repurchasers=number(youngest.repurchasers),
        cohort_size=number(youngest.eligible_customers),
        cohort_rate=share(youngest.repurchase_rate),
    )
