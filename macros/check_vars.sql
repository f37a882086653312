{% macro check_vars() %}
    {#- Vars become SQL: one that is not what it has to be stops the run first. -#}
    {%- set kinds = {
        'as_of_date': 'day or null',
        'as_of_by': 'as_of_by',
        'observation_start': 'day or null',
        'burn_in_days': 'count',
        'time_zone': 'zone',
        'earliest_order_date': 'day',
        'latest_order_date': 'day',
        'reporting_currency': 'currency',
        'link_customers_across_shops': 'flag',
        'identity_max_customer_ids': 'count',
        'rfm_lookback_days': 'count or null',
        'rfm_high_score': 'count',
        'rfm_base_month': 'day or null',
        'minimum_group_customers': 'count',
        'curve_purchase_numbers': 'count',
        'cycle_prior_gaps': 'number',
        'affinity_minimum_together': 'count',
        'affinity_maximum_products': 'count',
        'active_days': 'count',
        'lapse_days': 'count',
        'lost_days': 'count',
        'prediction_model': 'model',
        'prediction_minimum_customers': 'count',
        'prediction_minimum_days': 'count',
        'clv_margin': 'number',
        'clv_monthly_discount_rate': 'number',
    } -%}
    {%- set lists = {
        'x_columns': 'x_column',
        'rfm_frequency_thresholds': 'count',
        'repurchase_windows': 'count',
    } -%}
    {%- set settings = {
        'schema': 'name',
        'decimal_mark': 'decimal_mark',
        'date_order': 'date_order',
        'naive_time': 'naive_time',
        'time_zone': 'zone',
    } -%}
    {%- for name, kind in kinds.items() -%}
        {%- do repurchase.check_value('var ' ~ name, var(name), kind) -%}
    {%- endfor -%}
    {%- for name, kind in lists.items() -%}
        {%- for value in var(name) -%}
            {%- do repurchase.check_value('var ' ~ name, value, kind) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for connector, given in var('connectors').items() -%}
        {%- set what = ' of connector ' ~ connector -%}
        {%- do repurchase.check_value('a connector', connector, 'connector') -%}
        {%- for entity in given.get('entities', []) -%}
            {%- do repurchase.check_value('an entity' ~ what, entity, 'entity') -%}
        {%- endfor -%}
        {%- for table in given.get('tables', {}).values() -%}
            {%- do repurchase.check_value('a table' ~ what, table, 'name') -%}
        {%- endfor -%}
        {%- for name, kind in settings.items() if name in given -%}
            {%- do repurchase.check_value(name ~ what, given[name], kind) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
