{% test order_numbers_run_from_one(model) %}
    {#- Customers whose order or purchase numbers are not exactly 1..n. -#}
    select customer_key
    from {{ model }}
    where customer_key is not null
    group by customer_key
    having
        min(order_number) <> 1
        or max(order_number) <> count(*)
        or count(distinct order_number) <> count(*)
        or min(purchase_number) <> 1
        or max(purchase_number) <> count(distinct order_date)
        or count(distinct purchase_number) <> count(distinct order_date)
{% endtest %}
