{% macro linked_identifiers(links) -%}
    {{ return(
        adapter.dispatch('repurchase_linked_identifiers', 'repurchase')(links)
    ) }}
{%- endmacro %}

{% macro default__repurchase_linked_identifiers(links) -%}
    (
        with recursive

        neighbours as (
            {{ repurchase.identifier_neighbours(links) | indent(12) }}
        ),

        -- The smallest key of a person has no smaller neighbour, so it is among these.
        starts as (
            select identifier_key
            from neighbours
            group by identifier_key
            having min(linked_key) > identifier_key
        ),

        reached as (
            select identifier_key, identifier_key as customer_key
            from starts
            union
            select neighbours.linked_key, reached.customer_key
            from reached
            inner join neighbours
                on reached.identifier_key = neighbours.identifier_key
        )

        select
            identifier_key,
            min(customer_key) as customer_key
        from reached
        group by identifier_key
    )
{%- endmacro %}

{% macro spark__repurchase_linked_identifiers(links) -%}
    {#- Spark's recursion knows no `union`. In each round every key takes the smallest
        key seen at it or next to it, and then the one which that one has, so that a
        chain takes rounds by the logarithm of its length. Each round is a table: Spark
        would compute a CTE again wherever it is read. A unit test has no tables and
        takes two rounds in one query. -#}
    {%- set first -%}
        select
            identifier_key,
            least(identifier_key, min(linked_key)) as customer_key
        from neighbours
        group by identifier_key
    {%- endset -%}
    {%- if not execute or model.resource_type != 'model'
        or flags.WHICH not in ('run', 'build') -%}
        (
            with

            neighbours as (
                {{ repurchase.identifier_neighbours(links) | indent(16) }}
            ),

            even as (
                {{ first | indent(8) }}
            ),

            odd as (
                {{ repurchase.identifier_round('neighbours', 'even') | indent(16) }}
            )

            {{ repurchase.identifier_round('neighbours', 'odd') | indent(12) }}
        )
    {%- else -%}
        {%- set neighbours = this ~ '__neighbours' -%}
        {%- set rounds = [this ~ '__even', this ~ '__odd'] -%}
        {%- do repurchase.replace_table(
            neighbours, repurchase.identifier_neighbours(links)
        ) -%}
        {%- do repurchase.replace_table(
            rounds[0], first | replace('from neighbours', 'from ' ~ neighbours)
        ) -%}
        {%- set last = namespace(round=0, changed=1) -%}
        {%- for number in range(1, 200) if last.changed -%}
            {%- set before = rounds[(number - 1) % 2] -%}
            {%- set last.round = number % 2 -%}
            {%- do repurchase.replace_table(
                rounds[last.round], repurchase.identifier_round(neighbours, before)
            ) -%}
            {%- set changed -%}
                select count(*)
                from {{ rounds[last.round] }} as later
                inner join {{ before }} as earlier
                    on later.identifier_key = earlier.identifier_key
                where later.customer_key <> earlier.customer_key
            {%- endset -%}
            {%- set last.changed = run_query(changed)[0][0] -%}
        {%- endfor -%}
        {%- if last.changed -%}
            {{ exceptions.raise_compiler_error(
                'the identifiers of a customer form a chain too long to follow'
            ) }}
        {%- endif -%}
        {{ rounds[last.round] }}
    {%- endif -%}
{%- endmacro %}
