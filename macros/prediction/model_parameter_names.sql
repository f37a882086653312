{% macro model_parameter_names() %}
    {{ return([
        ('bgnbd', 'r'), ('bgnbd', 'alpha'), ('bgnbd', 'a'), ('bgnbd', 'b'),
        ('mbgnbd', 'r'), ('mbgnbd', 'alpha'), ('mbgnbd', 'a'), ('mbgnbd', 'b'),
        ('gamma_gamma', 'p'), ('gamma_gamma', 'q'), ('gamma_gamma', 'v'),
    ]) }}
{% endmacro %}
