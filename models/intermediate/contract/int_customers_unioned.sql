{{ union_connectors('customers') }}
