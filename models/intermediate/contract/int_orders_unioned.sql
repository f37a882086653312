{{ union_connectors('orders', also=[ref('int_orders_from_lines')]) }}
