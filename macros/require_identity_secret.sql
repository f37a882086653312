{% macro require_identity_secret() %}
    {%- set needing = [] -%}
    {%- for connector in var('connectors') -%}
        {%- for entity in repurchase.setting(connector, 'entities', []) -%}
            {%- if repurchase.holds_contacts(connector, entity) -%}
                {%- do needing.append(connector ~ ' ' ~ entity) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if needing -%}
        {{ exceptions.raise_compiler_error(
            'REPURCHASE_IDENTITY_SECRET is not set and has to key the hashes of e-mails'
            ~ ' and phones, which ' ~ needing | join(', ') ~ ' hold: set it to a long'
            ~ ' text of your own and keep it'
        ) }}
    {%- elif var('connectors').standard and not repurchase.setting('standard', 'schema')
    -%}
        {%- do log(
            'REPURCHASE_IDENTITY_SECRET is not set: e-mails and phones of the demo are'
            ~ ' hashed with demo-secret',
            info=true,
        ) -%}
    {%- endif -%}
{% endmacro %}
