{{ union_connectors('products') }}
