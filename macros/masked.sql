{% macro masked(text) -%}
    {#- Whatever has the form of an e-mail or of a phone with its country code. -#}
    case
        when {{ text }} like '%@%' or {{ text }} like '%+%'
            then {{ repurchase.replace_matches(
                text, '[^ ;=]+@[^ ;]+|[+][0-9][0-9 ()-]{6,}[0-9]', '***'
            ) }}
        else {{ text }}
    end
{%- endmacro %}
