"""Columns and grain of every mart, in the order of the marts."""

import polars as pl
from recomputed.parts import decimal

GRAINS = {
    "fct_orders": ["order_key"],
    "fct_order_items": ["order_key", "line_number"],
    "fct_refunds": ["refund_key"],
    "fct_customers": ["customer_key"],
    "dim_products": ["product_key"],
    "dim_dates": ["date_day"],
    "rfm_scores": ["customer_key"],
    "rfm_segments": ["rfm_segment"],
    "rfm_thresholds": ["dimension", "score"],
    "cohort_retention": ["period_type", "cohort_start", "period_number"],
    "cohort_retention_averages": [
        "period_type",
        "period_number",
        "is_left_censored_excluded",
    ],
    "repurchase_rates": ["cohort_start", "window_days"],
    "repurchase_rates_by_period": ["period_type", "period_start"],
    "purchase_gaps": ["purchase_number"],
    "order_sequence": ["purchase_number"],
    "repurchase_curves": ["purchase_number", "stratum_type", "stratum", "day"],
    "purchase_cycles": ["customer_key"],
    "growth_accounting": ["period_type", "period_start"],
    "customer_lifecycle": ["customer_key"],
    "lifecycle_transitions": ["month_start", "from_state", "to_state"],
    "reactivations": ["customer_key", "reactivated_on"],
    "churn_rates": ["month_start", "definition"],
    "lifecycle_limits": ["limit_name"],
    "churn_drivers": ["feature", "value"],
    "rfm_history": ["customer_key", "valid_from_month"],
    "rfm_threshold_history": ["snapshot_month", "dimension", "score"],
    "rfm_migrations": ["snapshot_month", "from_segment", "to_segment"],
    "cohort_retention_by_first_attribute": ["attribute", "value", "period_number"],
    "calendar_revenue": ["date_day"],
    "revenue_layer_cake": ["month_start", "cohort_quarter"],
    "revenue_concentration": ["decile"],
    "seasonality": ["period_type", "period"],
    "purchase_times": ["weekday", "hour"],
    "product_performance": ["product_key"],
    "product_affinity": ["product_a", "product_b", "basis"],
    "next_products": ["product_from", "product_to"],
    "channel_performance": ["channel"],
    "customer_predictions": ["customer_key"],
    "model_parameters": ["model", "parameter"],
    "prediction_evaluation": ["model", "origin", "metric"],
    "prediction_calibration": ["model", "origin", "decile"],
    "customer_profiles": ["customer_key"],
    "rejected_rows": ["connector", "entity", "reason_code", "reason", "reason_zh"],
    "source_reconciliation": ["connector", "entity"],
}


def columns(text: str) -> list[str]:
    return text.split()


COLUMNS = {
    "fct_orders": columns("""
        order_key connector shop_id order_id customer_key customer_id is_guest
        order_date ordered_at order_hour order_number purchase_number is_first_order
        is_repeat_order days_since_previous_purchase days_since_first_purchase channel
        coupon_code is_discounted country currency gross_amount discount_amount
        refund_amount net_amount tax_amount shipping_amount status warning_code
    """),
    "fct_order_items": columns("""
        order_key line_number product_key product_id quantity unit_price gross_amount
        discount_amount refund_amount net_amount
    """),
    "fct_refunds": columns("""
        refund_key connector shop_id refund_id order_key customer_key refund_date
        booked_date currency refund_amount refund_of
    """),
    "fct_customers": columns("""
        customer_key customer_id as_of_date first_purchase_date last_purchase_date
        second_purchase_date cohort_month order_count purchase_count gross_amount
        discount_amount refund_amount net_amount average_order_value historic_clv
        ltv_30d ltv_90d ltv_180d ltv_365d tenure_days recency_days first_channel
        first_product_id first_category first_order_was_discounted is_left_censored
    """),
    "dim_products": columns("product_key connector shop_id product_id name category"),
    "dim_dates": columns("date_day week_start month_start quarter_start holiday_name"),
    "rfm_scores": columns("""
        customer_key as_of_date recency_days frequency monetary r_score f_score m_score
        rfm_cell rfm_segment rfm_segment_zh segment_rank rfm_value_type
        recommended_action recommended_action_zh
    """),
    "rfm_segments": columns("""
        rfm_segment rfm_segment_zh segment_rank as_of_date customers customer_share
        orders net_amount revenue_share average_recency_days average_frequency
        average_order_value recommended_action recommended_action_zh
    """),
    "rfm_thresholds": columns(
        "as_of_date dimension score lower_bound upper_bound customers"
    ),
    "cohort_retention": columns("""
        period_type cohort_start period_number as_of_date cohort_size eligible_customers
        active_customers eligible_active_customers orders net_amount retention_rate
        retention_ci_low retention_ci_high repurchasers_to_date eligible_repurchasers
        cumulative_repurchase_rate cumulative_repurchase_ci_low
        cumulative_repurchase_ci_high cumulative_net_amount cumulative_ltv is_mature
    """),
    "cohort_retention_averages": columns("""
        period_type period_number is_left_censored_excluded as_of_date cohorts
        eligible_customers eligible_active_customers retention_rate retention_ci_low
        retention_ci_high eligible_repurchasers cumulative_repurchase_rate
        cumulative_repurchase_ci_low cumulative_repurchase_ci_high
    """),
    "repurchase_rates": columns("""
        cohort_start window_days as_of_date customers eligible_customers repurchasers
        repurchase_rate ci_low ci_high uncensored_eligible_customers
        uncensored_repurchasers uncensored_repurchase_rate is_mature
    """),
    "repurchase_rates_by_period": columns("""
        period_type period_start as_of_date buyers repeat_customers repeat_customer_rate
        repeat_customer_ci_low repeat_customer_ci_high next_period_buyers
        next_period_repurchase_rate next_period_repurchase_ci_low
        next_period_repurchase_ci_high orders repeat_orders repeat_order_share
        repeat_order_ci_low repeat_order_ci_high returning_customers
        returning_customer_share returning_customer_ci_low returning_customer_ci_high
        is_mature is_next_period_mature
    """),
    "purchase_gaps": columns("""
        purchase_number as_of_date gaps open_gaps p10 p25 p50 p75 p90 mean km_p25 km_p50
        km_p75
    """),
    "order_sequence": columns("""
        purchase_number as_of_date customers_reaching customers_continuing
        continuation_rate continuation_ci_low continuation_ci_high
        eligible_customers_180d continuing_customers_180d continuation_rate_180d
        continuation_180d_ci_low continuation_180d_ci_high is_mature_180d
        median_gap_days average_order_value
    """),
    "repurchase_curves": columns("""
        purchase_number stratum_type stratum day as_of_date at_risk events censored
        survival cumulative_repurchase standard_error ci_low ci_high is_thin_tail
        cumulative_ci_low cumulative_ci_high
    """),
    "purchase_cycles": columns("""
        customer_key as_of_date gaps median_gap_days mean_gap_days gap_cv usual_gap_days
        cycle_days expected_next_purchase_date overdue_ratio
    """),
    "growth_accounting": columns("""
        period_type period_start as_of_date is_complete active new retained reactivated
        churned quick_ratio revenue new_revenue retained_revenue expansion_revenue
        contraction_revenue reactivated_revenue churned_revenue
    """),
    "customer_lifecycle": columns("""
        customer_key as_of_date lifecycle_state lifecycle_state_zh previous_gap_days
        recency_days is_churned_fixed is_churned_cycle
    """),
    "lifecycle_transitions": columns(
        "month_start from_state to_state as_of_date customers"
    ),
    "reactivations": columns("""
        customer_key reactivated_on as_of_date gap_days purchases_before purchases_after
        net_amount_before net_amount_after channel coupon_code category
    """),
    "churn_rates": columns("""
        month_start definition as_of_date customers_at_start churned churn_rate
        churn_ci_low churn_ci_high came_back_within_365d false_alarm_rate
        false_alarm_ci_low false_alarm_ci_high is_mature
    """),
    "lifecycle_limits": columns("""
        limit_name as_of_date days_in_use return_probability_365d suggested_days
    """),
    "churn_drivers": columns("""
        feature value as_of_date customers lapsed retained lapsed_rate lapsed_ci_low
        lapsed_ci_high odds_ratio ci_low ci_high
    """),
    "rfm_history": columns("""
        customer_key valid_from_month as_of_date valid_to_month r_score f_score m_score
        rfm_segment base_r_score base_f_score base_m_score base_rfm_segment
    """),
    "rfm_threshold_history": columns("""
        snapshot_month dimension score as_of_date lower_bound upper_bound is_base
    """),
    "rfm_migrations": columns("""
        snapshot_month from_segment to_segment as_of_date customers net_amount
    """),
    "cohort_retention_by_first_attribute": columns("""
        attribute value period_number as_of_date cohort_size eligible_customers
        active_customers eligible_active_customers orders net_amount retention_rate
        retention_ci_low retention_ci_high repurchasers_to_date eligible_repurchasers
        cumulative_repurchase_rate cumulative_repurchase_ci_low
        cumulative_repurchase_ci_high cumulative_net_amount
        eligible_cumulative_net_amount cumulative_ltv is_mature retention_difference
        cumulative_repurchase_difference cumulative_ltv_difference
    """),
    "calendar_revenue": columns("""
        date_day as_of_date currency orders customers new_customers returning_customers
        new_customer_orders returning_customer_orders guest_orders gross_amount
        discount_amount refund_amount_by_refund_date refund_amount_by_order_date
        net_amount_by_order_date new_customer_net_amount returning_customer_net_amount
        guest_net_amount
    """),
    "revenue_layer_cake": columns("""
        month_start cohort_quarter as_of_date is_complete customers orders net_amount
    """),
    "revenue_concentration": columns("""
        decile as_of_date customers net_amount revenue_share cumulative_share gini
    """),
    "seasonality": columns("""
        period_type period as_of_date period_name index net_amount_index orders
        net_amount cycles_used reason
    """),
    "purchase_times": columns("""
        weekday hour as_of_date orders net_amount elapsed_hours index
        orders_without_time
    """),
    "product_performance": columns("""
        product_key as_of_date product_id name category orders customers units
        gross_amount net_amount repeat_buyers repeat_buyer_rate repeat_buyer_ci_low
        repeat_buyer_ci_high eligible_customers_90d repeat_buyers_90d
        repeat_buyer_rate_90d repeat_buyer_90d_ci_low repeat_buyer_90d_ci_high
        first_orders customer_orders first_order_share median_reorder_days
        km_median_reorder_days
    """),
    "product_affinity": columns("""
        product_a product_b basis as_of_date baskets baskets_left_out baskets_a
        baskets_b together support confidence_ab confidence_ba lift leverage
    """),
    "next_products": columns("""
        product_from product_to as_of_date transitions steps_from steps_to steps
        probability ci_low ci_high base_rate lift
    """),
    "channel_performance": columns("""
        channel as_of_date orders customers new_customers net_amount average_order_value
        eligible_customers_90d repurchasers_90d repurchase_rate_90d ci_low ci_high
    """),
    "customer_predictions": columns("""
        customer_key as_of_date model model_status btyd_frequency btyd_recency_weeks
        btyd_age_weeks probability_alive churn_probability repurchase_probability_90d
        expected_purchases_30d expected_purchases_90d expected_purchases_365d
        expected_next_purchase_date cycle_next_purchase_date expected_average_value
        historic_clv predicted_clv total_clv in_plain_words in_plain_words_zh
    """),
    "model_parameters": columns("""
        model parameter as_of_date value log_likelihood customers iterations_bounded
        converged model_status calibration_end
    """),
    "prediction_evaluation": columns("""
        model origin metric as_of_date is_baseline model_status customers value ci_low
        ci_high
    """),
    "prediction_calibration": columns(
        "model origin decile as_of_date customers predicted actual"
    ),
    "customer_profiles": columns("""
        customer_key as_of_date customer_id country first_purchase_date
        last_purchase_date order_count purchase_count historic_clv average_order_value
        value_decile rfm_cell rfm_segment rfm_segment_zh rfm_value_type lifecycle_state
        lifecycle_state_zh cycle_days expected_next_purchase_date overdue_ratio
        first_channel first_category preferred_channel preferred_category
        preferred_product_id preferred_weekday preferred_hour_band discounted_orders
        discount_dependence categories_bought products_bought reactivations
        is_churned_fixed is_churned_cycle risk
    """),
    "rejected_rows": columns("connector entity reason_code reason reason_zh rows"),
    "source_reconciliation": columns("""
        connector entity as_of_date raw_rows accepted_rows superseded_rows rejected_rows
        difference_rows raw_amount accepted_amount superseded_amount rejected_amount
        difference_amount excluded_rows excluded_amount
    """),
}
MONEY = (
    *("_amount", "_amount_before", "_amount_after", "_by_order_date"),
    *("_by_refund_date", "revenue", "monetary", "average_order_value", "_bound"),
    *(
        "historic_clv",
        "_ltv",
        "_ltv_difference",
        "ltv_30d",
        "ltv_90d",
        "ltv_180d",
        "ltv_365d",
    ),
)
SCALES = {"quantity": 3, "units": 3, "unit_price": 4}


def published(names: list[str]) -> list[pl.Expr]:
    """The columns of a mart, whole numbers of cents become decimals."""
    return [
        decimal(name, SCALES.get(name, 2))
        if name in SCALES or name.endswith(MONEY)
        else pl.col(name)
        for name in names
    ]
