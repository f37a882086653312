{% macro log_gamma(value) -%}
    {{ return(adapter.dispatch('repurchase_log_gamma', 'repurchase')(value)) }}
{%- endmacro %}

{% macro default__repurchase_log_gamma(value) -%}
    lgamma({{ value }})
{%- endmacro %}

{% macro spark__repurchase_log_gamma(value) -%}
    {#- Stirling's series at value + 8, and the recurrence back; Abramowitz and Stegun
        6.1.41 and 6.1.15. -#}
    {%- set value = "(" ~ value ~ ")" -%}
    {%- set z = "(" ~ value ~ " + 8)" -%}
    (
        ({{ z }} - 0.5D) * ln({{ z }}) - {{ z }} + 0.9189385332046727D
        + (1D / 12 - (1D / 360 - (1D / 1260 - (1D / 1680 - (1D / 1188
            - 691D / 360360 / {{ z }} / {{ z }}) / {{ z }} / {{ z }})
            / {{ z }} / {{ z }}) / {{ z }} / {{ z }}) / {{ z }} / {{ z }}) / {{ z }}
        - ln({{ value }} * ({{ value }} + 1) * ({{ value }} + 2) * ({{ value }} + 3)
            * ({{ value }} + 4) * ({{ value }} + 5) * ({{ value }} + 6)
            * ({{ value }} + 7))
    )
{%- endmacro %}
