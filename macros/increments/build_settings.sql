{% macro build_settings() %}
    {#- One text for all that the rows kept by an increment were made with. -#}
    {%- set made_with = [
        env_var('REPURCHASE_CODE', ''),
        local_md5(env_var('REPURCHASE_IDENTITY_SECRET', '')),
    ] -%}
    {%- for name in [
        'connectors', 'x_columns', 'as_of_date', 'as_of_by', 'time_zone',
        'earliest_order_date', 'latest_order_date', 'reporting_currency',
        'link_customers_across_shops', 'affinity_maximum_products',
    ] -%}
        {%- do made_with.append(tojson(var(name), sort_keys=true)) -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() | sort(attribute='unique_id')
        if node.package_name == 'repurchase' or node.name.startswith('stg_') -%}
        {%- if node.resource_type == 'model' or 'rules' in node.fqn -%}
            {%- do made_with.append(node.unique_id ~ node.checksum.checksum) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(local_md5(made_with | join('|'))) }}
{% endmacro %}
