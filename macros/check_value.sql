{% macro check_value(what, value, kind) %}
    {%- set day = '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' -%}
    {%- set zones = modules.pytz.all_timezones | map('replace', '+', '[+]') -%}
    {%- set pattern, meaning = {
        'day': (day, 'a day such as 2024-05-31'),
        'as_of_by': ('event|arrival', 'event or arrival'),
        'day or null': (day ~ '|None', 'a day such as 2024-05-31, or null'),
        'count': ('[0-9]{1,9}', 'a whole number'),
        'count or null': ('[0-9]{1,9}|None', 'a whole number, or null'),
        'number': ('-?[0-9]*[.]?[0-9]+(e-?[0-9]+)?', 'a number'),
        'flag': ('True|False', 'true or false'),
        'currency': ('[A-Z]{3}', 'a code such as CNY'),
        'zone': (zones | join('|'), 'a name such as Asia/Shanghai'),
        'model': ('mbgnbd|bgnbd', 'mbgnbd or bgnbd'),
        'x_column': ('x_[a-z0-9_]+', 'x_ and then a to z, digits and _'),
        'connector': ('[A-Za-z0-9_]+', 'a name of letters, digits and _'),
        'entity': ('[a-z_]+', 'a name of small letters and _'),
        'name': ('[\\w $.-]+', 'a name of letters, digits and _ $ . -'),
        'decimal_mark': ('[.,]', '. or ,'),
        'date_order': ('ymd|mdy|dmy', 'ymd, mdy or dmy'),
        'naive_time': ('utc|local', 'utc or local'),
    }[kind] -%}
    {%- if not modules.re.fullmatch(pattern, value | string) -%}
        {{ exceptions.raise_compiler_error(
            what ~ ' is ' ~ tojson(value | string) ~ '; it must be ' ~ meaning
        ) }}
    {%- endif -%}
{% endmacro %}
