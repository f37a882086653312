{% macro maximum_likelihood(starts, scores, groups) %}
    {#- Damped Newton in the logarithms of the parameters, for all fits at once, one query
        a round: of a fit that went up it scores the surroundings of the new point, of one
        that did not the shorter steps from the old one. starts: {fit: parameters}.
        scores: a macro that takes (groups, {fit: points about the first}, {fit: points})
        and returns {fit: log-likelihoods}. Returns {fit: {point, log_likelihood, rounds,
        status}}. -#}
    {%- set step = 0.01 -%}
    {%- set dampings = [0, 0.000001, 0.0001, 0.01, 0.1, 1, 10, 1000] -%}
    {%- set fits = {} -%}
    {%- for fit, point in starts.items() -%}
        {%- do fits.update({fit: {
            'point': point, 'log_likelihood': -1e300, 'rounds': 0, 'status': 'running',
            'centre': point, 'steps': [], 'is_trying': false,
        }}) -%}
    {%- endfor -%}
    {%- for round in range(1, 26) -%}
        {%- set about = {} -%}
        {%- set tried = {} -%}
        {%- for fit, now in fits.items() if now.status == 'running' -%}
            {%- if now.is_trying -%}
                {%- do tried.update({fit: now.steps | map(attribute='point') | list}) -%}
            {%- else -%}
                {%- do about.update({fit: repurchase.stencil(now.centre, step)}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set found = scores(groups, about, tried) if about or tried else {} -%}
        {%- for fit, values in found.items() -%}
            {%- set now = fits[fit] -%}
            {%- do now.update({'rounds': round}) -%}
            {#- Differences smaller than this are of rounding. -#}
            {%- set blur = 1e-12 * (now.log_likelihood | abs) -%}
            {%- if now.is_trying -%}
                {%- set best = namespace(value=now.log_likelihood, place=none) -%}
                {%- for value in values -%}
                    {%- if value > best.value -%}
                        {%- set best.value = value -%}
                        {%- set best.place = loop.index0 -%}
                    {%- endif -%}
                {%- endfor -%}
                {%- if best.place is none -%}
                    {%- do now.update({'status': 'not_converged'}) -%}
                {%- else -%}
                    {%- do now.update({
                        'centre': tried[fit][best.place], 'is_trying': false
                    }) -%}
                {%- endif -%}
            {%- elif values[0] < now.log_likelihood - blur -%}
                {%- do now.update({'is_trying': true, 'steps': now.steps[1:]}) -%}
                {%- if not now.steps -%}
                    {%- do now.update({'status': 'not_converged'}) -%}
                {%- endif -%}
            {%- else -%}
                {%- set steps = repurchase.newton_points(
                    now.centre, values, step, dampings
                ) -%}
                {%- do now.update({
                    'point': now.centre, 'log_likelihood': values[0], 'steps': steps
                }) -%}
                {%- if not steps or now.centre | map('abs') | max > 20 -%}
                    {%- do now.update({'status': 'not_converged'}) -%}
                {%- elif steps[0].damping == 0 and steps[0].length < 1e-6 -%}
                    {#- It leads to the summit: one more would be of rounding. -#}
                    {%- do now.update({
                        'point': steps[0].point, 'status': 'converged'
                    }) -%}
                {%- else -%}
                    {%- do now.update({'centre': steps[0].point}) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for fit, now in fits.items() if now.status == 'running' -%}
        {%- do now.update({'status': 'not_converged'}) -%}
    {%- endfor -%}
    {{ return(fits) }}
{% endmacro %}
