{{ union_connectors('refunds', also=[
    ref('int_refunds_from_orders'), ref('int_refunds_from_lines'),
]) }}
