{{ union_connectors('order_items', also=[ref('int_order_items_from_lines')]) }}
