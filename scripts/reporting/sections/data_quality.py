"""Is all of the data in these figures?"""

from reporting.blocks import Content
from reporting.tables import table
from reporting.words import NONE, Text, number, same

TITLE = Text("Data quality", "数据质量")
QUESTION = Text(
    "Is all of the data in these figures?", "数据都算进来了吗？有没有遗漏？"
)
SHOWN = 10  # reasons
ENTITIES = {
    "orders": Text("orders", "订单"),
    "order_lines": Text("lines of the export", "导出文件行"),
    "order_items": Text("order items", "订单明细"),
    "refunds": Text("refunds", "退款"),
    "products": Text("products", "商品"),
    "customers": Text("customers", "客户"),
}


def section(marts) -> Content:
    entities = marts.some(
        "select *, count(distinct connector) over () as connectors "
        "from source_reconciliation where raw_rows > 0 "
        "order by connector, raw_amount desc, entity",
        otherwise=Text("No rows have been read.", "还没有读入任何数据。"),
    )
    reasons = marts.rows(
        "select entity, reason_code, reason, reason_zh, count(*) as rows, "
        "count(*) over () as reasons from rejected_rows "
        "group by entity, reason_code, reason, reason_zh "
        "order by rows desc, entity, reason_code limit ?",
        SHOWN,
    )
    blocks = [reconciliation_table(entities)]
    if reasons:
        blocks.append(reasons_table(reasons))
    return Content(answer(entities), blocks)


def answer(entities) -> Text:
    lost = sum(abs(row.difference_rows) for row in entities)
    superseded = number(sum(row.superseded_rows for row in entities))
    rejected = number(sum(row.rejected_rows for row in entities))
    if lost:
        return Text(
            "{lost} rows are unaccounted for: do not trust these figures before it is "
            "known why.",
            "有 {lost} 行去向不明：查明原因之前，请勿使用这些数字。",
        ).fill(lost=number(lost))
    return Text(
        "Every row that was read is accounted for: {rejected} were rejected for a "
        "reason, {superseded} were replaced by a newer version, the others were "
        "accepted.",
        "读入的每一行都有去向：{rejected} 行因故剔除，{superseded} 行被新版本取代，"
        "其余全部采用。",
    ).fill(rejected=rejected, superseded=superseded)


def entity_name(row) -> Text:
    return ENTITIES.get(row.entity, same(row.entity))


def reconciliation_table(entities):
    several = entities[0].connectors > 1
    source = Text("{connector}: {entity}", "{connector}：{entity}")
    return table(
        Text("What became of the rows", "数据去向"),
        [
            Text("source", "数据"),
            Text("rows read", "读入行数"),
            Text("accepted", "采用"),
            Text("replaced", "被取代"),
            Text("rejected", "剔除"),
            Text("unaccounted for", "去向不明"),
            Text("no purchases", "采用但不算购买"),
            Text("amount read", "读入金额"),
            Text("amount rejected", "剔除金额"),
            Text("amount unaccounted for", "去向不明金额"),
        ],
        [
            (
                source.fill(connector=row.connector, entity=entity_name(row))
                if several
                else entity_name(row),
                number(row.raw_rows),
                number(row.accepted_rows),
                number(row.superseded_rows),
                number(row.rejected_rows),
                number(row.difference_rows),
                number(row.excluded_rows),
                number(row.raw_amount, 2),
                number(row.rejected_amount, 2),
                number(row.difference_amount, 2),
            )
            for row in entities
        ],
        Text(
            "Rows read are those accepted, replaced by a newer version and rejected. "
            "No purchases: orders cancelled, fully refunded or of a test. Amounts are "
            "face values in the rows' own currencies.",
            "读入 = 采用 + 被取代 + 剔除。采用但不算购买：已取消、全额退款或测试订单。"
            "金额为原币种面值合计。",
        ),
    )


def reasons_table(reasons):
    more = reasons[0].reasons - len(reasons)
    return table(
        Text("Why rows were rejected", "剔除原因"),
        [
            Text("source and code", "数据与代码"),
            Text("rows", "行数"),
            Text("reason", "原因"),
        ],
        [
            (
                Text("{entity}: {code}", "{entity}：{code}").fill(
                    entity=entity_name(row), code=row.reason_code
                ),
                number(row.rows),
                NONE if row.reason is None else Text(row.reason, row.reason_zh),
            )
            for row in reasons
        ],
        Text(
            "{more} other reasons, none more frequent, are left out. All rows stand in "
            "marts.rejected_rows with their raw values.",
            "另有 {more} 种原因未列出，均不多于所列。"
            "全部剔除行及原始值见 marts.rejected_rows。",
        ).fill(more=number(more))
        if more > 0
        else Text(
            "All rows stand in marts.rejected_rows with their raw values.",
            "全部剔除行及原始值见 marts.rejected_rows。",
        ),
    )
