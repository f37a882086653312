{{ union_connectors('order_lines') }}
